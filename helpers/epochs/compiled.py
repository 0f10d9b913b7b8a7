"""A whole epoch as one function, compiled: what is compiled decides.

`torch.compile` turns Python code into one program. Compiled alone, the forward
pass of a small model gets slower: the way in and out of the program costs more
than the program saves. Compiled with everything around it - forward, backward
and update of many steps, and validation - the way in and out is paid for once.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from helpers.datasets.whole_batches import WholeBatches, batches_of
from helpers.epochs import eager
from helpers.epochs.eager import EpochResult, LossFn
from helpers.epochs.programs import Program
from helpers.epochs.shortcuts import set_mode
from helpers.epochs.updates import (
    Group,
    adds_decay_to_gradients,
    groups_of,
)
from helpers.errors import one_line, warn

# A program holds at most so many steps one after another, and only those of
# a model with so few numbers: the bigger the step, the less there is to gain
# from having several, and the longer it takes to compile them.
MOST_STEPS = 8
MOST_PARAMETERS = 10_000


def make_epoch_fn(
    model: nn.Module,
    loss_fn: LossFn,
    optimizer: torch.optim.Optimizer,
    metrics: Mapping[str, LossFn] | None = None,
) -> Callable[[Iterable, Iterable], EpochResult]:
    """Build a function that trains for one epoch and validates, compiled.

    Takes and returns what `helpers.epochs.eager.make_epoch_fn` does. The first
    call compiles, which takes seconds. Where that is not possible (no C++
    compiler, a model that cannot be compiled), it says so once, and every
    epoch runs eagerly. The function returned has an attribute ``eager``: the
    same function without compiling.
    """
    return CompiledEpoch(model, loss_fn, optimizer, dict(metrics or {}))


class CompiledEpoch:
    """A callable: see `make_epoch_fn`."""

    def __init__(self, model, loss_fn, optimizer, metrics):
        self.model, self.loss_fn = model, loss_fn
        self.optimizer, self.metrics = optimizer, metrics
        self.eager = eager.make_epoch_fn(model, loss_fn, optimizer, metrics)
        self.eager_steps = eager.make_train_epoch_fn(model, loss_fn, optimizer)
        self.validate = eager.make_val_epoch_fn(model, loss_fn, metrics)
        self.device = eager.device_of(model)
        is_cpu = self.device.type == "cpu"
        self.fetch = torch.Tensor.tolist if is_cpu else torch.Tensor.unbind
        self.is_small = _n_parameters(model) <= MOST_PARAMETERS
        self.is_compilable = True
        self.no_grad = torch.no_grad()
        self.trained: set[int] = set()  # ids of parameters, see _groups
        self.rates: tuple[list[float], list[torch.Tensor]] = ([], [])
        decays = adds_decay_to_gradients(optimizer)
        self.steps = _compile(self._steps, self.device, decays)
        self.whole = _compile(self._whole, self.device, decays)

    def __call__(self, train_loader, val_loader) -> EpochResult:
        """Perform an epoch; return loss, validation loss and metrics."""
        groups = self._groups() if self.is_compilable else None
        if groups is None:
            return self.eager(train_loader, val_loader)
        rates = self._rates()
        if self.is_small and _are_few(train_loader, val_loader):
            return self._epoch_at_once(train_loader, val_loader, groups, rates)
        set_mode(self.model, True)
        loss = self._train(train_loader, groups, rates)
        return loss, *self.validate(val_loader)

    def _groups(self) -> list[Group] | None:
        """Return the groups whose update can be compiled now.

        None if the optimizer has no state yet, or if a layer has been thawed
        since the last epoch: a first step, which makes the state, is taken
        eagerly.
        """
        groups = groups_of(self.optimizer)
        if not groups or not any(group.parameters for group in groups):
            return None
        trained = {id(p) for group in groups for p in group.parameters}
        is_new = not trained <= self.trained and bool(self.trained)
        self.trained = trained
        lacks = any(group.lacking for group in groups)
        is_first = is_new or not any(group.state for group in groups)
        return None if lacks and is_first else groups

    def _rates(self) -> list[torch.Tensor]:
        """Return the learning rates of now, as tensors."""
        now = [group["lr"] for group in self.optimizer.param_groups]
        if now != self.rates[0]:
            self.rates = (
                now,
                [torch.tensor(rate, dtype=torch.float64) for rate in now],
            )
        return self.rates[1]

    # ------------------------------------------------- what gets compiled

    def _whole(self, x, y, x_val, y_val, order, batch_sizes, groups, rates):
        """Train and validate; return all means in one tensor."""
        self.model.train()
        losses = self._steps(x[order], y[order], batch_sizes[0], groups, rates)
        self.model.eval()
        rows = []
        for x_batch, y_batch in batches_of(x_val, y_val, batch_sizes[1]):
            with NarrowLayers():
                yhat = self.model(x_batch)
            values = [self.loss_fn, *self.metrics.values()]
            rows.append(torch.stack([fn(yhat, y_batch) for fn in values]))
        return torch.cat(
            [
                _weighted(losses[:, None], x, batch_sizes[0]),
                _weighted(torch.stack(rows), x_val, batch_sizes[1]),
            ]
        )

    def _steps(self, x, y, batch_size, groups, rates):
        """Take a step per batch, as chapter 01 does; return the losses."""
        losses = []
        parameters = [p for group in groups for p in group.parameters]
        for x_batch, y_batch in batches_of(x, y, batch_size):
            with torch.enable_grad():
                with NarrowLayers():
                    yhat = self.model(x_batch)
                loss = self.loss_fn(yhat, y_batch)
                gradients = torch.autograd.grad(
                    loss, parameters, allow_unused=True
                )
            for group, rate in zip(groups, rates, strict=True):
                n = len(group.parameters)
                group.update(gradients[:n], rate)
                gradients = gradients[n:]
            losses.append(loss.detach())
        return torch.stack(losses)

    # ----------------------------------------------------- how it is used

    def _epoch_at_once(
        self, train_loader, val_loader, groups, rates
    ) -> EpochResult:
        """Train and validate with one program; eagerly if there is none."""
        x, y = train_loader.dataset.tensors
        x_val, y_val = val_loader.dataset.tensors
        order = train_loader.order()
        batch_sizes = train_loader.batch_size, val_loader.batch_size
        means = self._run(
            self.whole, x, y, x_val, y_val, order, batch_sizes, groups, rates
        )
        if means is None:
            loss = self.eager_steps(
                batches_of(x[order], y[order], batch_sizes[0])
            )
            return loss, *self.validate(val_loader)
        loss, val_loss, *values = means.tolist()
        return loss, val_loss, dict(zip(self.metrics, values, strict=True))

    def _train(self, train_loader, groups, rates) -> float:
        """Train with the program where batches are full, eagerly elsewhere."""
        losses, sizes = [], []
        for x, y, batch_size, is_full in self._parts(train_loader):
            found = None
            if is_full and self.is_compilable:
                found = self._run(self.steps, x, y, batch_size, groups, rates)
            if found is None:
                batches = batches_of(x, y, batch_size)
                found, of_batches = eager.take_steps(
                    self.model, self.loss_fn, self.optimizer, batches,
                    self.device,
                )  # fmt: skip
                losses += found
                sizes += of_batches
            else:
                losses += self.fetch(found)
                sizes += [batch_size] * len(found)
        return eager.weighted_mean(losses, sizes)

    def _parts(self, loader):
        """Yield features, labels, batch size, and whether all are full."""
        if not isinstance(loader, WholeBatches):
            full = None
            for x, y in loader:
                full = full or len(x)
                x, y = x.to(self.device), y.to(self.device)
                yield x, y, full, len(x) == full
            return
        n_steps = _steps_at_once(loader) if self.is_small else 1
        n_rows = n_steps * loader.batch_size
        for x, y in loader.pieces():
            x, y = x.to(self.device), y.to(self.device)
            for rows in batches_of(x, y, n_rows):
                yield *rows, loader.batch_size, rows[0].shape[0] == n_rows

    def _run(self, program: Callable, *given: Any) -> torch.Tensor | None:
        """Run a program; None if it cannot be compiled, said once."""
        try:
            with self.no_grad:
                return program(*given)
        except Exception as error:
            self.is_compilable = False
            warn(
                "This training run is not compiled, and goes on eagerly: "
                f"slower, with the same result. {_reason(error)}"
            )
            return None


class NarrowLayers(TorchFunctionMode):
    """Lets a program multiply where a layer takes a single number.

    For most layers `torch.addmm` is the fastest way. For one number per row it
    is a call of a library that takes longer than everything else in the step.
    """

    def __torch_function__(self, function, types, args=(), kwargs=None):
        """Replace nn.functional.linear on a single feature; pass the rest."""
        if function is nn.functional.linear and not kwargs:
            given: Any = (*args, None)
            x, weight, bias = given[:3]
            is_narrow = x.shape[-1] == 1 and weight.ndim == 2
            if is_narrow and x.dtype == weight.dtype:
                products = x * weight[:, 0]
                return products if bias is None else products + bias
        return function(*args, **(kwargs or {}))


def _compile(
    function: Callable, device: torch.device, adds_decay: bool
) -> Program:
    """Return a function that is compiled when it is first called."""
    # lets a program hold the backward pass, too; torch imports its compiler
    # when it is first named
    torch._dynamo.config.trace_autograd_ops = True
    torch._dynamo.config.record_runtime_overhead = False
    options: dict[str, Any] = {
        "fallback_random": True,  # the random numbers of eager torch
        # torch 2.13 replaces patterns of operations for faster ones. Where
        # gradient and decayed weight are added, it does so although the weight
        # is changed in place afterwards, and the result is wrong.
        "pattern_matcher": not adds_decay,
    }
    if device.type == "cpu":
        options["cpp_wrapper"] = True  # no Python between two operations
    if device.type == "cuda":
        options["triton.cudagraphs"] = True  # one launch for all of them
    return Program(function, device, options)


def _n_parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def _are_few(train_loader, val_loader) -> bool:
    """Tell whether a whole epoch, with validation, fits in one program."""
    loaders = train_loader, val_loader
    in_memory = all(isinstance(loader, WholeBatches) for loader in loaders)
    return (
        in_memory
        and len(train_loader) <= MOST_STEPS
        and len(val_loader) <= MOST_STEPS
    )


def _steps_at_once(loader: WholeBatches) -> int:
    """Return how many steps a program has, so that few batches are left."""
    n_full = len(loader.dataset) // loader.batch_size
    if n_full <= MOST_STEPS:
        return max(n_full, 1)
    half = MOST_STEPS // 2
    return half if n_full % MOST_STEPS >= half else MOST_STEPS


def _weighted(values: torch.Tensor, x, batch_size: int) -> torch.Tensor:
    """Return the mean [n] of values [n_batches, n], weighted by rows."""
    sizes = torch.tensor(
        [len(part) for part in x.split(batch_size)],
        dtype=torch.float64,
        device=x.device,
    )
    return (values * sizes[:, None]).sum(dim=0) / len(x)


def _reason(error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    return f"The reason: {type(error).__name__}: {one_line(first)}"
