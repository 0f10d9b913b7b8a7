"""What can be seen while one step runs, from outside.

Here belongs looking: hooks that note what model, loss and optimizer do, and
are gone afterwards. Whether it is a fault is decided by the judges. Looking
runs no step of its own and draws no random number.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.loss import _Loss
from torch.nn.parameter import is_lazy

from helpers.pipeline.labels import Labels

# Layers that do one thing in training and another in evaluation.
DROPOUT = (
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d),
    *(nn.AlphaDropout, nn.FeatureAlphaDropout),
)
BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


@dataclass
class Seen:
    """What was seen while one step ran, for the judges.

    Attributes:
        model, loss_fn, optimizer: of the configuration.
        x, y: the batch.
        loss: what the step returned.
        is_training: whether it was a training step.
        tensors_wanted: whether the version takes losses as tensors.
        rows_of_last_batch: of an epoch, where they are known.
        training: the mode of the model when it predicted.
        mode_matters: the kind of layer for which the mode matters, or "".
        grad_enabled: whether gradients were on when it predicted.
        yhat: the predictions.
        compared: what the loss compared, if it is a module.
        comparing: the part of the loss that did, or the loss.
        stepped: whether the optimizer made an update.
        had_gradients: whether there was a gradient to make it with.
        is_uncleared: whether an update followed an old gradient too.
        touched_gradients: whether the gradients have changed afterwards.
        used_slopes: whether somebody asked for a derivative.
        norm_of_one_value: whether batch norm sees one value per row.
        unbatched: a convolution that takes the batch for one image.
        gets_pixels: whether the first layer gets pixels as they are.
        labels: gives all labels that lie in memory, in the first step only.
        has_metrics: whether the configuration has metrics.
        name: what the step is called in a sentence.
    """

    model: nn.Module
    loss_fn: Any
    optimizer: Any
    x: Any = None
    y: Any = None
    loss: Any = None
    is_training: bool = True
    tensors_wanted: bool = False
    rows_of_last_batch: int | None = None
    training: bool | None = None
    mode_matters: str = ""
    grad_enabled: bool | None = None
    yhat: Any = None
    compared: tuple | None = None
    comparing: Any = None
    stepped: bool = False
    had_gradients: bool = False
    is_uncleared: bool = False
    touched_gradients: bool = False
    used_slopes: bool = False
    norm_of_one_value: bool = False
    unbatched: nn.Module | None = None
    gets_pixels: bool = False
    labels: Callable[[], Iterable[Labels]] = tuple
    has_metrics: bool = False
    name: str = "training step"

    def __post_init__(self):
        self.comparing = self.loss_fn

    # ---------------------------------------------------- what the hooks note

    def before_forward(self, model: nn.Module, _inputs: tuple) -> None:
        """Note the mode, and whether gradients are on."""
        self.training = model.training
        self.grad_enabled = torch.is_grad_enabled()
        for module in model.modules():
            if module.training is not model.training:
                continue  # somebody froze this layer on purpose
            if isinstance(module, DROPOUT) and module.p > 0:
                self.mode_matters = "dropout"
            elif isinstance(module, BATCH_NORM):
                self.mode_matters = "batch norm"

    def after_forward(self, _model, _inputs, yhat) -> None:
        """Note the predictions."""
        self.yhat = yhat
        if self.is_training:
            return
        if isinstance(yhat, torch.Tensor) and yhat.requires_grad:
            yhat.register_hook(self.note_slope)

    def note_slope(self, _gradient) -> None:
        """Note that a derivative went through the predictions."""
        self.used_slopes = True

    def before_loss(
        self, loss_fn: nn.Module, inputs: tuple, named: dict
    ) -> None:
        """Note what the loss compares, and which part of it does."""
        inputs = (*inputs, *named.values())
        if len(inputs) == 2 and all(
            isinstance(value, torch.Tensor) for value in inputs
        ):
            self.compared, self.comparing = inputs, loss_fn

    def follow_loss(self, at_loss: Callable[["Seen"], None]) -> Iterator[Any]:
        """Hook into the loss and its parts, if it is a module."""
        if not isinstance(self.loss_fn, nn.Module):
            return

        def before_loss(*given) -> None:
            self.before_loss(*given)
            at_loss(self)

        for part in self.loss_fn.modules():
            if part is not self.loss_fn and not isinstance(part, _Loss):
                continue
            yield part.register_forward_pre_hook(before_loss, with_kwargs=True)

    def before_norm(self, norm: nn.Module, inputs: tuple) -> None:
        """Note whether batch norm gets one value per row and channel."""
        values = inputs[0]
        n_rows, n_channels = values.shape[:2]
        is_one = values.numel() == n_rows * n_channels
        self.norm_of_one_value |= norm.training and is_one


@contextlib.contextmanager
def looking(
    seen: Seen,
    clearing: "Clearing | None" = None,
    *,
    at_prediction: Callable[[Seen], None] = lambda _: None,
    at_loss: Callable[[Seen], None] = lambda _: None,
) -> Iterator[None]:
    """Note in ``seen`` what happens while the block runs.

    Args:
        seen: is filled.
        clearing: follows the gradients, if given.
        at_prediction: called when the model has predicted, if the loss is a
            function, into which nobody can hook.
        at_loss: called when a loss is about to be computed, if it is a module.
    """
    model, optimizer = seen.model, seen.optimizer
    gradients = [p.grad for p in model.parameters()]

    def note_step(*_) -> None:
        seen.stepped = True
        seen.had_gradients |= any(
            p.grad is not None for p in held_parameters(optimizer)
        )
        if clearing is not None:
            seen.is_uncleared |= clearing.note_step(optimizer)

    with contextlib.ExitStack() as hooks:

        def keep(handle) -> None:
            hooks.callback(handle.remove)

        keep(model.register_forward_pre_hook(seen.before_forward))
        keep(model.register_forward_hook(seen.after_forward))
        if not isinstance(seen.loss_fn, nn.Module):
            keep(model.register_forward_hook(lambda *_: at_prediction(seen)))
        for handle in seen.follow_loss(at_loss):
            keep(handle)
        for module in model.modules():
            if isinstance(module, BATCH_NORM):
                keep(module.register_forward_pre_hook(seen.before_norm))
        with contextlib.suppress(AttributeError, KeyError):
            # what only behaves like an optimizer has no hooks
            keep(optimizer.register_step_post_hook(note_step))
        if clearing is not None:
            for handle in clearing.follow(optimizer):
                keep(handle)
        yield
    after = [p.grad for p in model.parameters()]
    seen.touched_gradients = len(after) != len(gradients) or any(
        a is not b for a, b in zip(after, gradients, strict=True)
    )


class Clearing:
    """Follows gradients from one update to the next: does anyone clear them?

    An update marks every gradient that it used. When backward adds to a marked
    one that is still there, the gradient is mixed; when the next update follows
    a mixed gradient, nobody has cleared it between the two. How it is cleared
    does not matter, nor what else is done to it (clipping, scaling, a second
    backward).
    """

    def __init__(self):
        self.used: set[torch.Tensor] = set()
        self.mixed: set[torch.Tensor] = set()

    def follow(self, optimizer: Any) -> Iterator[Any]:
        """Hook into every parameter that an optimizer holds."""
        for parameter in held_parameters(optimizer):
            if is_lazy(parameter) or not parameter.requires_grad:
                continue
            before, after = self._hooks_for(parameter)
            yield parameter.register_hook(before)
            yield parameter.register_post_accumulate_grad_hook(after)

    def _hooks_for(self, parameter) -> tuple[Callable, Callable]:
        is_left_over = False

        def before_adding(_gradient) -> None:
            nonlocal is_left_over
            is_left_over = parameter in self.used and _is_any(parameter.grad)

        # not called by torch.autograd.grad, which adds to no gradient
        def after_adding(_parameter) -> None:
            if is_left_over:
                self.mixed.add(parameter)
            else:
                self.used.discard(parameter)
                self.mixed.discard(parameter)

        return before_adding, after_adding

    def note_step(self, optimizer: Any) -> bool:
        """Note an update; return whether it followed an old gradient too."""
        self.used = {p for p in held_parameters(optimizer) if _is_any(p.grad)}
        return bool(self.mixed)


def _is_any(gradient: torch.Tensor | None) -> bool:
    return gradient is not None and bool(gradient.any())


def held_parameters(optimizer: Any) -> list[torch.Tensor]:
    """Return what an optimizer updates; nothing if it does not say."""
    groups = getattr(optimizer, "param_groups", None) or []
    return [p for group in groups for p in group["params"]]


def learning_rate(optimizer: Any) -> float | None:
    """Return the learning rate of the first group, if there is one."""
    groups = getattr(optimizer, "param_groups", None) or [{}]
    lr = groups[0].get("lr")
    return None if lr is None else float(lr)
