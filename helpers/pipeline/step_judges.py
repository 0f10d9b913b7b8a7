"""Faults of a step that no loss has to know.

Here belongs what is true of a training or a validation step with any loss:
modes, gradients, what it returns. A judge takes what was seen
(`helpers.pipeline.seen`) and returns a sentence, or None if it has nothing to
say; a new fault is one function, and its name in one of the lists.
"""

import numbers

import torch
from torch import nn

from helpers.pipeline.seen import Seen, held_parameters

# --------------------------------------------------------- before the step


def values_not_finite(seen: Seen) -> str | None:
    """Name nan or inf in a batch."""
    name = not_finite(seen.x, seen.y)
    if name is None:
        return None
    return (
        f"The {name} of the first batch hold nan or inf. One such "
        "value makes every weight nan in one step. Look for it "
        "with torch.isfinite, and remove or repair those rows."
    )


def foreign_optimizer(seen: Seen) -> str | None:
    """Name an optimizer that holds parameters of another model."""
    trainable = {p for p in seen.model.parameters() if p.requires_grad}
    held = held_parameters(seen.optimizer)
    # an optimizer of plain tensors works on an input, on purpose
    if not held or not all(isinstance(p, nn.Parameter) for p in held):
        return None
    if not trainable or trainable & set(held):
        return None
    return (
        "The optimizer holds no parameter of this model, so no step "
        "will change the model. Was the model rebuilt after the "
        "optimizer? Build the optimizer last, from model.parameters()."
    )


# -------------------------------------------------------- after either step


def loss_is_a_number(seen: Seen) -> str | None:
    """Name a step that returns something other than a number."""
    loss = seen.loss
    if isinstance(loss, torch.Tensor):
        if loss.requires_grad:
            return (
                f"The {seen.name} returns a tensor that still holds its "
                "computation graph, and a list of such losses fills the "
                "memory. Return loss.item()."
            )
        if not seen.tensors_wanted:
            return (
                f"The {seen.name} returns a tensor, but lists of losses and "
                "checkpoints hold plain numbers. Return loss.item()."
            )
        return None
    if isinstance(loss, numbers.Real):
        return None
    found = "nothing" if loss is None else f"a {type(loss).__name__}"
    return (
        f"The {seen.name} returns {found}, but should return the loss of its "
        "batch, a number: return loss.item()."
    )


# ------------------------------------------------------------ training step


def stepped_without_gradient(seen: Seen) -> str | None:
    """Name an update that had no gradient to follow."""
    if not seen.stepped or seen.had_gradients:
        return None
    return (
        "The optimizer stepped without any gradient, so nothing was "
        "learned. Either step() comes before backward(), or zero_grad() "
        "comes between the two. The order is: predict, loss, backward, "
        "step, zero_grad."
    )


def eval_mode_in_training(seen: Seen) -> str | None:
    """Name a training step in eval mode."""
    if seen.training is not False or not seen.mode_matters:
        return None
    return (
        "The model was in eval mode in the training step, so its "
        f"{seen.mode_matters} did not behave as it does in training. Call "
        "model.train() at the start of the step."
    )


def never_cleared(seen: Seen) -> str | None:
    """Name gradients that add up from batch to batch."""
    if not seen.is_uncleared:
        return None
    return (
        "The gradients are never cleared: backward adds to those "
        "of the batch before, and each update follows their sum. "
        "Call optimizer.zero_grad() in every step."
    )


def last_batch_of_one_row(seen: Seen) -> str | None:
    """Name a last batch of one row, on which batch norm fails."""
    if seen.rows_of_last_batch != 1 or not seen.norm_of_one_value:
        return None
    return (
        "The last batch of an epoch has a single row, and batch norm cannot "
        "train on one row: it would fail at the end of the first epoch. Use "
        "drop_last=True or another batch size."
    )


# ---------------------------------------------------------- validation step


def train_mode_in_validation(seen: Seen) -> str | None:
    """Name a validation step in train mode."""
    if not seen.training or not seen.mode_matters:
        return None
    return (
        f"The model was in train mode in the {seen.name}, so its "
        f"{seen.mode_matters} behaved as it does in training. Call "
        "model.eval() at the start of the step."
    )


def validation_updates(seen: Seen) -> str | None:
    """Name a validation step that computes gradients or trains."""
    if not seen.stepped and not seen.touched_gradients:
        return None
    return (
        f"The {seen.name} computes gradients or updates the model, "
        "so it trains on the points that should test the model. It should "
        "predict and return the loss: no backward, no step."
    )


def gradients_in_validation(seen: Seen) -> str | None:
    """Name a graph that is recorded in validation and never used."""
    requires_grad = getattr(seen.yhat, "requires_grad", False)
    if not seen.grad_enabled or not requires_grad or seen.used_slopes:
        return None
    return (
        f"Gradients are on in the {seen.name}: recording a graph that "
        "nobody uses takes memory and time. Put with torch.no_grad(): around "
        "the prediction and the loss."
    )


def not_finite(x, y) -> str | None:
    """Return which of a batch hold nan or inf: features, labels or neither."""
    for name, values in (("features", x), ("labels", y)):
        is_dense = (
            isinstance(values, torch.Tensor)
            and values.layout is torch.strided
            and not values.is_meta
        )
        if (
            is_dense
            and values.is_floating_point()
            and not values.isfinite().all()
        ):
            return name
    return None
