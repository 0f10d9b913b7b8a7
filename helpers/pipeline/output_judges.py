"""Predictions that the loss does not expect: a softmax or a sigmoid too many.

Here belongs the last layer of a model and the loss after it, which torch never
compares. What is wrong with labels is for `helpers.pipeline.class_judges`.

A ``log_softmax`` before cross-entropy is not among them: applied twice, it
changes nothing.
"""

import torch

from helpers.pipeline.losses import (
    BCE,
    BCE_WITH_LOGITS,
    CROSS_ENTROPY,
    NLL,
    Pair,
    classes_by_value,
    compared_by,
    may_be_classes,
)
from helpers.pipeline.seen import Seen

# What only gives another shape to what it is given, by name of its gradient.
SHAPING = (
    *("View", "Reshape", "Squeeze", "Unsqueeze", "UnsafeView", "Alias"),
    *("Clone", "ToCopy", "Permute", "Transpose", "T", "Select", "Slice"),
)


def softmax_before_cross_entropy(seen: Seen) -> str | None:
    """Name probabilities given to a loss that expects logits."""
    yhat, _ = _pair(seen, CROSS_ENTROPY, is_probability)
    if yhat is not None:
        return (
            "The predictions are probabilities already: is there a softmax at "
            "the end of the model? nn.CrossEntropyLoss takes logits and "
            "applies a softmax of its own, and a second one weakens the "
            "gradients. Leave the softmax out of the model."
        )
    yhat, _ = _pair(seen, CROSS_ENTROPY, comes_from_sigmoid)
    if yhat is None:
        return None
    return (
        "There is a sigmoid at the end of the model, but nn.CrossEntropyLoss "
        "takes logits of any size: from numbers between 0 and 1, no class can "
        "become certain. Leave the sigmoid out of the model."
    )


def softmax_over_rows(seen: Seen) -> str | None:
    """Name a softmax along the batch, which lets rows share a total of 1."""
    kind = CROSS_ENTROPY
    yhat, _ = compared_by(seen, kind)
    if yhat is None:
        kind = NLL
        yhat, _ = compared_by(seen, kind)
    if yhat is None or yhat.ndim != 2 or len(yhat) < 2:
        return None
    values = yhat.detach() if kind == CROSS_ENTROPY else yhat.detach().exp()
    if not adds_up_to_one(values, 0) or adds_up_to_one(values, 1):
        return None
    return (
        "The predictions of the whole batch add up to 1 for each class: is "
        "there a softmax with dim=0 in the model? Axis 0 counts rows, axis 1 "
        "classes. Leave it out before nn.CrossEntropyLoss; before nn.NLLLoss, "
        "use log_softmax(dim=1)."
    )


def no_log_probabilities(seen: Seen) -> str | None:
    """Name logits or probabilities given to the loss that takes their log."""
    yhat, _ = _pair(seen, NLL, is_no_log_probability)
    if yhat is None:
        return None
    said = "nn.NLLLoss takes log-probabilities, but the predictions are "
    if is_probability(yhat):
        return (
            f"{said}probabilities, from a softmax at the end of the model: the "
            "logarithm is missing. Use log_softmax(dim=1) in its place, or "
            "leave it out and use nn.CrossEntropyLoss."
        )
    return (
        f"{said}logits: without a log_softmax nothing keeps them from growing, "
        "and the loss falls without limit. Use nn.CrossEntropyLoss, which has "
        "its own, or end the model with nn.LogSoftmax(dim=1)."
    )


def sigmoid_before_logits(seen: Seen) -> str | None:
    """Name a sigmoid before the loss that applies one of its own."""
    yhat, _ = compared_by(seen, BCE_WITH_LOGITS)
    if yhat is None or not comes_from_sigmoid(yhat):
        return None
    return (
        "There is a sigmoid at the end of the model, but "
        "nn.BCEWithLogitsLoss takes logits and applies one of its own; after "
        "two, no prediction lies outside 0.5 to 0.73. Leave the sigmoid out of "
        "the model."
    )


def no_probabilities(seen: Seen) -> str | None:
    """Name logits given to the loss of yes and no that takes probabilities."""
    yhat, _ = compared_by(seen, BCE)
    if yhat is None or not yhat.numel():
        return None
    low, high = yhat.detach().aminmax()
    if low >= 0 and high <= 1:
        return None
    return (
        "nn.BCELoss takes probabilities, but the predictions are not all "
        "between 0 and 1. Use nn.BCEWithLogitsLoss, which takes the output of "
        "the last linear layer as it is."
    )


def _pair(seen: Seen, kind: str, is_suspect) -> Pair:
    """Return what a loss of this kind compares, if it is suspect.

    The loss may be a function of one's own: then its value tells, asked only
    where there is a suspicion.
    """
    yhat, y = compared_by(seen, kind)
    is_by_value = yhat is None and may_be_classes(seen)
    if is_by_value:
        yhat, y = seen.yhat, seen.y
    if yhat is None or y is None or yhat.ndim < 2 or yhat.shape[1] == 1:
        return None, None
    if not yhat.is_floating_point() or not is_suspect(yhat):
        return None, None
    return classes_by_value(seen, kind) if is_by_value else (yhat, y)


# ------------------------------------------------------- looking at outputs


def is_probability(yhat: torch.Tensor) -> bool:
    """Tell whether each row has only numbers from 0 on that add up to 1."""
    return adds_up_to_one(yhat.detach(), 1)


def is_no_log_probability(yhat: torch.Tensor) -> bool:
    """Tell whether some row, to the power of e, does not add up to 1."""
    return not adds_up_to_one(yhat.detach().exp(), 1)


def adds_up_to_one(values: torch.Tensor, axis: int) -> bool:
    """Tell whether values from 0 on add up to 1 along an axis."""
    info = torch.finfo(values.dtype)
    if info.bits < 32:
        values = values.float()
    # measured with softmax and log_softmax of 2 to 50,000 classes: at most
    # 5 eps in 16 bits, 5 in 32 and 80 in 64
    tolerance = info.eps * (8 if info.bits < 32 else 128)
    # most often the first sum tells
    if not abs(float(values.select(1 - axis, 0).sum(0).max()) - 1) <= tolerance:
        return False
    is_one = (values.sum(dim=axis) - 1).abs() <= tolerance
    return bool(is_one.all() & (values >= 0).all())


def comes_from_sigmoid(yhat: torch.Tensor) -> bool:
    """Tell whether a sigmoid was the last thing that made these numbers."""
    node = yhat.grad_fn
    while node is not None:
        name = node.name().rstrip("0123456789").removesuffix("Backward")
        if name == "Sigmoid":
            return True
        if name not in SHAPING or not node.next_functions:
            return False
        node = node.next_functions[0][0]
    return False
