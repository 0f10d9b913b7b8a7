"""A training step on a share: the same step function, one update for all.

`DistributedDataParallel` takes the mean of the gradients of all processes, as
if each had the same number of rows. What is added around a step function here
makes that the gradient of the mean over the whole global batch, whoever has
how many rows of it and in however many pieces they go through the model.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from helpers.errors import PairingError
from helpers.processes.exchange import sums
from helpers.processes.group import world_size
from helpers.processes.sharding import put_apart, remember_plain
from helpers.processes.shares import Portion, Shares

StepFn = Callable[[torch.Tensor, torch.Tensor], float]
LossFn = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Share:
    """The share of a global batch that this process works on now.

    Started plainly, with batches that fit, it changes nothing: step functions,
    loss and optimizer work as they do without it.

    Attributes:
        portion: what the process has of the batch in use; None between runs.
    """

    def __init__(self):
        self.portion: Portion | None = None
        self._model: nn.Module | None = None
        self._weight = 1.0  # of the gradient of a piece
        self._is_first = self._is_last = True
        self._is_stepped = False  # whether this piece has called `step`

    # ------------------------------------------ around model and step function

    def spread(self, model: nn.Module, spread: Callable) -> nn.Module:
        """Return the model whose gradients meet those of the others.

        Args:
            model: on the device of this process.
            spread: ``DistributedDataParallel``, which returns a wrapper, or
                ``fully_shard``, which changes the model itself.

        Raises:
            PairingError: the processes have not found each other.
        """
        if world_size() == 1:
            return model
        if not dist.is_initialized():
            raise PairingError(
                "This process is one of several, and has not joined the "
                "others. Put everything from configure_model on into "
                "with process_group(device):, from helpers.processes."
            )
        remember_plain(model)
        self._model = spread_model = spread(model)
        return spread_model

    def scaled(self, loss_fn: LossFn) -> LossFn:
        """Return the loss with its gradient weighted by rows.

        Args:
            loss_fn: returns a mean over rows, of shape [].
        """

        def scaled_loss_fn(yhat, y):
            loss, weight = loss_fn(yhat, y), self._weight
            if weight != 1 and loss.requires_grad:
                # the value stays: it is the mean over these rows
                loss.register_hook(lambda gradient: gradient * weight)
            return loss

        return scaled_loss_fn

    def at_last(self, optimizer: torch.optim.Optimizer) -> Any:
        """Return an optimizer that waits for the last piece of a batch."""
        return _AtLast(self, optimizer)

    def in_pieces(self, train_step_fn: StepFn) -> StepFn:
        """Return a step that takes a share in pieces that are small enough.

        Gradients add up from piece to piece; those of other processes join
        them in the last one, and then there is one update.

        Args:
            train_step_fn: takes a piece, returns its loss.
        """

        @functools.wraps(train_step_fn)
        def perform_train_step_fn(x, y):
            portion = self.portion
            if portion is None:
                _check_alone("trained by model_training v9")
                return train_step_fn(x, y)
            total, loss = 0.0, 0.0
            for i, (x_piece, y_piece) in enumerate(_cut(portion, x, y)):
                n_rows = len(x_piece) if portion.n_rows else 0
                if not len(x_piece):  # fewer rows than pieces
                    x_piece, y_piece = x[:1], y[:1]
                with self._piece(portion, n_rows, i):
                    loss = train_step_fn(x_piece, y_piece)
                total += loss * n_rows if n_rows else 0.0
            if portion.n_pieces == 1 or not portion.n_rows:
                return loss
            return total / portion.n_rows

        return perform_train_step_fn

    def _rows(self) -> int:
        return 0 if self.portion is None else self.portion.n_rows

    @contextlib.contextmanager
    def _piece(
        self, portion: Portion, n_rows: int, which: int
    ) -> Iterator[None]:
        """Weight the gradients of a piece, and exchange those of the last."""
        # DistributedDataParallel will divide by the processes
        self._weight = world_size() * n_rows / portion.n_global
        self._is_first = which == 0
        self._is_last = is_last = which == portion.n_pieces - 1
        self._is_stepped = False
        try:
            with contextlib.nullcontext() if is_last else self._no_exchange():
                yield
        finally:
            self._weight, self._is_first, self._is_last = 1.0, True, True

    @contextlib.contextmanager
    def _no_exchange(self) -> Iterator[None]:
        model: Any = self._model
        if model is None:
            yield
        elif hasattr(model, "no_sync"):
            with model.no_sync():
                yield
        else:  # of fully_shard
            model.set_requires_gradient_sync(False)
            try:
                yield
            finally:
                model.set_requires_gradient_sync(True)

    # ------------------------------------------------------ around mini_batch

    def everywhere(self, mini_batch: Callable) -> Callable:
        """Return a mini-batch loop over the rows of all processes.

        Args:
            mini_batch: runs a step function on every batch of a loader and
                returns the mean over its rows.

        Returns:
            a function that takes what ``mini_batch`` takes, and returns the
            mean over the rows of all processes, in each of them.

        Raises (when that is called):
            PairingError: several processes, and a loader that does not share
                its rows among them.
        """

        @functools.wraps(mini_batch)
        def mini_batch_everywhere(device, data_loader, step_fn):
            shares = getattr(data_loader, "batch_sampler", None)
            if not isinstance(shares, Shares):
                _check_alone("given loaders of data_preparation v5")
                return mini_batch(device, data_loader, step_fn)
            if shares.is_whole():
                return mini_batch(device, data_loader, step_fn)
            total, count = 0.0, 0

            def counted_step_fn(x, y):
                nonlocal total, count
                loss, n_rows = step_fn(x, y), self._rows()
                total += loss * n_rows if n_rows else 0.0
                count += n_rows
                return loss

            try:
                batches = _Following(self, data_loader)
                mini_batch(device, batches, counted_step_fn)
            finally:
                self.portion = None
                put_apart(self._model)
            total, count = sums([total, count])
            return total / count

        return mini_batch_everywhere


class _Following:
    """A loader that notes the portion of a batch when the batch is used.

    Not when it is fetched: workers are some batches ahead.
    """

    def __init__(self, share: Share, data_loader):
        self.share = share
        self.data_loader = data_loader

    def __len__(self) -> int:
        return len(self.data_loader)

    def __iter__(self) -> Iterator:
        portions = self.data_loader.batch_sampler.portions()
        for batch, portion in zip(self.data_loader, portions, strict=True):
            self.share.portion = portion
            yield batch


class _AtLast:
    """An optimizer that acts once for all pieces of a batch.

    Gradients are cleared after the update or before the first piece, wherever
    a step function has its `zero_grad`, and never between two pieces.
    """

    def __init__(self, share: Share, optimizer: torch.optim.Optimizer):
        self._share = share
        self._optimizer = optimizer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._optimizer, name)

    def step(self) -> None:
        self._share._is_stepped = True
        if self._share._is_last:
            self._optimizer.step()

    def zero_grad(self, **options: bool) -> None:
        share = self._share
        if share._is_last if share._is_stepped else share._is_first:
            self._optimizer.zero_grad(**options)


def _cut(portion: Portion, x, y) -> Iterator[tuple]:
    n_pieces = portion.n_pieces
    return zip(x.tensor_split(n_pieces), y.tensor_split(n_pieces), strict=True)


def _check_alone(how: str) -> None:
    if world_size() > 1:
        raise PairingError(
            f"A model that {world_size()} processes share has to be {how}. "
            "Otherwise each of them would train on all rows, and count them "
            "as its own."
        )
