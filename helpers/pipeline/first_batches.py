"""A look at the first batches of a training, before an epoch is spent.

Most faults of a training loop raise nothing: the loss is a number, the curve
falls a little, and the model is wrong. Their traces are plain in the first
batch, though, to whoever looks: shapes that do not match, a mode that was not
set, gradients that nobody clears. `trains_with` puts this look around the step
functions of every training. It runs no step of its own and draws no random
number, so that a training with it equals one without.
"""

import contextlib
import math
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from helpers.errors import DivergenceError, FirstBatchError

# Losses that compare element by element and broadcast what does not match.
ELEMENTWISE = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss)
ELEMENTWISE_FNS = (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss)
# Layers that do one thing in training and another in evaluation.
DROPOUT = nn.modules.dropout._DropoutNd
BATCH_NORM = nn.modules.batchnorm._BatchNorm


class Watch:
    """Watches the step functions of one training.

    Args:
        configuration: model, loss_fn, optimizer, train_step_fn and perhaps
            val_step_fn.
        n_batches: how many batches an epoch has, if known, for the message
            when the loss diverges.
        first_epoch: the number of the epoch that comes first.
    """

    def __init__(self, configuration, n_batches=None, first_epoch=0):
        self.model = configuration.model
        self.loss_fn = configuration.loss_fn
        self.optimizer = configuration.optimizer
        self.n_batches = n_batches
        self.first_epoch = first_epoch

    def train_step(self, step_fn: Callable) -> Callable:
        """Return the training step, watched in its first two calls.

        Every call checks that the loss is a finite number.

        Raises (when the step is called):
            FirstBatchError: a fault that the first two batches show.
            DivergenceError: the loss is nan or inf.
        """
        n_calls = 0
        gradient = None

        def watched_train_step_fn(x, y):
            nonlocal n_calls, gradient
            if n_calls < 2:
                with self._observed(x, y) as seen:
                    loss = step_fn(x, y)
                self._judge_training(seen, loss, x, y)
                gradient = self._judge_clearing(seen, gradient)
            else:
                loss = step_fn(x, y)
            n_calls += 1
            if not math.isfinite(loss):
                raise DivergenceError(self._diverged(loss, n_calls))
            return loss

        return watched_train_step_fn

    def val_step(self, step_fn: Callable) -> Callable:
        """Return the validation step, watched in its first call.

        Raises (when the step is called):
            FirstBatchError: a fault that the first batch shows.
        """
        is_first = True

        def watched_val_step_fn(x, y):
            nonlocal is_first
            if not is_first:
                return step_fn(x, y)
            is_first = False
            gradients = [p.grad for p in self.model.parameters()]
            with self._observed(x, y) as seen:
                loss = step_fn(x, y)
            self._judge_validation(seen, gradients)
            return loss

        return watched_val_step_fn

    # ------------------------------------------------------------ observing

    @contextlib.contextmanager
    def _observed(self, x, y):
        """Note what model, loss and optimizer do while a step runs."""
        seen = _Seen()
        zero_grad = self.optimizer.zero_grad

        def note_zero_grad(*args, **kwargs):
            seen.cleared = True
            return zero_grad(*args, **kwargs)

        def note_step(optimizer, *_):
            seen.stepped = True
            seen.had_gradients |= any(
                p.grad is not None
                for group in optimizer.param_groups
                for p in group["params"]
            )

        handles = [
            self.model.register_forward_pre_hook(seen.before_forward),
            self.model.register_forward_hook(seen.after_forward),
            self.optimizer.register_step_post_hook(note_step),
        ]
        if isinstance(self.loss_fn, nn.Module):
            handles.append(
                self.loss_fn.register_forward_pre_hook(seen.before_loss)
            )
        self.optimizer.zero_grad = note_zero_grad
        try:
            self._judge_batch(x, y)
            yield seen
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            fault = self._explain(error, x, y, seen)
            if fault is None:
                raise
            raise FirstBatchError(fault) from error
        finally:
            del self.optimizer.zero_grad
            for handle in handles:
                handle.remove()

    # ------------------------------------------------------------- judging

    def _judge_batch(self, x, y) -> None:
        for name, values in (("features", x), ("labels", y)):
            if not isinstance(values, torch.Tensor):
                continue
            if values.is_floating_point() and not values.isfinite().all():
                raise FirstBatchError(
                    f"The {name} of the first batch hold nan or inf. One such "
                    "value makes every weight nan in one step. Look for it "
                    "with torch.isfinite, and remove or repair those rows."
                )
        trainable = {p for p in self.model.parameters() if p.requires_grad}
        held = {p for g in self.optimizer.param_groups for p in g["params"]}
        if trainable and not trainable & held:
            raise FirstBatchError(
                "The optimizer holds no parameter of this model, so that no "
                "step will change the model. Was the model built anew after "
                "the optimizer? Build the optimizer last, from "
                "model.parameters()."
            )

    def _judge_training(self, seen, loss, x, y) -> None:
        self._judge_loss(seen, y)
        if isinstance(loss, torch.Tensor) and loss.requires_grad:
            raise FirstBatchError(
                "The training step returns a tensor that drags its graph "
                "along, and a list of such losses fills the memory. Return "
                "loss.item()."
            )
        if seen.stepped and not seen.had_gradients:
            raise FirstBatchError(
                "The optimizer stepped without any gradient, so that nothing "
                "was learned. Either step() comes before backward(), or "
                "zero_grad() between the two. The order is: predict, loss, "
                "backward, step, zero_grad."
            )
        if seen.training is False and seen.mode_matters:
            raise FirstBatchError(
                "The model was in eval mode in the training step, so that its "
                f"{seen.mode_matters} did not work as in training. Call "
                "model.train() first in the step."
            )

    def _judge_loss(self, seen, y) -> None:
        yhat, labels = self._compared(seen, y)
        if yhat is None:
            return
        kind = self.loss_fn
        if isinstance(kind, ELEMENTWISE) or kind in ELEMENTWISE_FNS:
            if yhat.shape != labels.shape:
                raise FirstBatchError(
                    f"The predictions have shape {list(yhat.shape)} and the "
                    f"labels {list(labels.shape)}: the loss would pair every "
                    "label with every prediction and train to a wrong model. "
                    "Give both one shape, often with y.reshape(-1, 1)."
                )
        elif isinstance(kind, nn.CrossEntropyLoss) or kind is F.cross_entropy:
            _judge_cross_entropy(yhat, labels)

    def _compared(self, seen, y):
        """Return what the loss compares, where that can be known."""
        if seen.compared is not None:
            return seen.compared
        known = (*ELEMENTWISE_FNS, F.cross_entropy)
        tensors = isinstance(seen.yhat, torch.Tensor) and isinstance(
            y, torch.Tensor
        )
        if self.loss_fn in known and tensors:
            return seen.yhat, y
        return None, None

    def _judge_clearing(self, seen, before):
        """Compare one gradient after two steps: did anyone clear it between?

        Returns:
            the gradient and its version counter, which torch raises whenever
            the tensor is written to.
        """
        gradient = next(
            (
                p.grad
                for g in self.optimizer.param_groups
                for p in g["params"]
                if p.grad is not None and p.grad.count_nonzero()
            ),
            None,
        )
        if seen.cleared or not seen.stepped or gradient is None:
            return None
        if before is not None:
            same, version = before
            # written exactly once since: added to by backward, never cleared
            if gradient is same and gradient._version == version + 1:
                raise FirstBatchError(
                    "The gradients are never cleared: backward adds to those "
                    "of the batch before, and each update follows their sum. "
                    "Call optimizer.zero_grad() in every step."
                )
        return gradient, gradient._version

    def _judge_validation(self, seen, gradients) -> None:
        if seen.training and seen.mode_matters:
            raise FirstBatchError(
                "The model was in train mode in the validation step, so that "
                f"its {seen.mode_matters} worked as in training. Call "
                "model.eval() first in the step."
            )
        after = [p.grad for p in self.model.parameters()]
        touched = any(a is not b for a, b in zip(after, gradients, strict=True))
        if seen.stepped or touched:
            raise FirstBatchError(
                "The validation step computes gradients or updates the model, "
                "and so trains on the points that should test it. It should "
                "predict and return the loss: no backward, no step."
            )
        requires_grad = getattr(seen.yhat, "requires_grad", False)
        if seen.grad_enabled and requires_grad:
            raise FirstBatchError(
                "Gradients are on in the validation step: it takes memory and "
                "time for a graph that nobody uses. Run it under "
                "torch.no_grad()."
            )

    def _diverged(self, loss: float, n_calls: int) -> str:
        where = f"batch {n_calls - 1}"
        if self.n_batches:
            epoch, batch = divmod(n_calls - 1, self.n_batches)
            where = f"epoch {self.first_epoch + epoch}, batch {batch}"
        lr = self.optimizer.param_groups[0]["lr"]
        return (
            f"The loss became {loss} in {where}. Most likely the learning rate "
            f"{lr:g} is too large, so that each step overshoots: try "
            f"{lr / 10:g}. Model and optimizer are as before the training."
        )

    def _explain(self, error, x, y, seen) -> str | None:
        """Turn an error of torch in the first batch into a sentence."""
        parameter = next(self.model.parameters(), None)
        if parameter is None or not isinstance(x, torch.Tensor):
            return None
        said = str(error)
        if x.device != parameter.device:
            return (
                f"The batch is on {x.device.type} and the model on "
                f"{parameter.device.type}. Send each batch to the device of "
                "the model: x_batch.to(device)."
            )
        if "dtype" in said or "expected scalar type" in said:
            kinds = [_kind(x), _kind(parameter), _kind(y)]
            return (
                f"The features are {kinds[0]}, the model is {kinds[1]} and the "
                f"labels are {kinds[2]}. NumPy makes float64, torch computes "
                "with float32: torch.as_tensor(x, dtype=torch.float32). Labels "
                "of classes are int64."
            )
        if "more than 1 value per channel" in said:
            return (
                "Batch norm cannot train on a batch of one row, as one row has "
                "no spread. Use another batch size, or drop_last=True."
            )
        if "shapes cannot be multiplied" in said:
            return (
                f"The features have shape {list(x.shape)}, and the first layer "
                f"takes another number of them ({said}). They should be "
                "[n, n_features]."
            )
        return None


class _Seen:
    """What happened while one step ran."""

    def __init__(self):
        self.training = None
        self.grad_enabled = None
        self.mode_matters = ""
        self.yhat = None
        self.compared = None
        self.cleared = False
        self.stepped = False
        self.had_gradients = False  # when the optimizer stepped

    def before_forward(self, model, _inputs):
        self.training = model.training
        self.grad_enabled = torch.is_grad_enabled()
        for module in model.modules():
            drops = isinstance(module, DROPOUT) and module.p > 0
            if module.training is not model.training:
                continue  # somebody froze this layer on purpose
            if drops:
                self.mode_matters = "dropout"
            elif isinstance(module, BATCH_NORM):
                self.mode_matters = "batch norm"

    def after_forward(self, _model, _inputs, yhat):
        self.yhat = yhat

    def before_loss(self, _loss_fn, inputs):
        if len(inputs) == 2 and all(
            isinstance(value, torch.Tensor) for value in inputs
        ):
            self.compared = inputs


def _judge_cross_entropy(yhat, labels) -> None:
    if yhat.ndim < 2 or labels.is_floating_point():
        return
    if yhat.shape[1] == 1:
        raise FirstBatchError(
            "Cross-entropy compares classes, and the model has one output, so "
            "that the loss is 0 whatever it predicts. Give the model one "
            "output a class, or use nn.BCEWithLogitsLoss."
        )
    sums = yhat.detach().sum(dim=1)
    if (yhat >= 0).all() and torch.allclose(sums, torch.ones_like(sums)):
        raise FirstBatchError(
            "The predictions are probabilities already: is there a softmax at "
            "the end of the model? nn.CrossEntropyLoss takes logits and does "
            "its own, and two of them make the gradients weak. Leave the "
            "softmax out of the model."
        )


def _kind(value) -> str:
    dtype = getattr(value, "dtype", type(value).__name__)
    return str(dtype).removeprefix("torch.")


def check_last_batch(model: nn.Module, train_loader) -> None:
    """Check that no batch of one row will meet batch norm at an epoch's end.

    Raises:
        FirstBatchError: the last batch has one row and the model batch norm.
    """
    batch_size = getattr(train_loader, "batch_size", None)
    if batch_size is None or getattr(train_loader, "drop_last", True):
        return
    try:
        n_rows = len(train_loader.sampler)
    except TypeError:
        return
    has_batch_norm = any(
        isinstance(m, nn.BatchNorm1d) and m.training for m in model.modules()
    )
    if has_batch_norm and n_rows % batch_size == 1:
        raise FirstBatchError(
            f"{n_rows} rows in batches of {batch_size} leave a last batch of "
            "one row, and batch norm cannot train on one row: it would fail at "
            "the end of the first epoch. Use drop_last=True or another batch "
            "size."
        )
