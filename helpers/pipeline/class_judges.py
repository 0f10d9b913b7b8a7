"""Labels that do not fit a loss of classes, named before it is computed.

Here belongs what is true of cross-entropy, of its half without softmax
(``nn.NLLLoss``) and of the losses of yes and no. On an accelerator, a class
out of range ends the whole process, so that these judges speak between the
prediction and the loss. Predictions that the loss does not expect are for
`helpers.pipeline.output_judges`.
"""

import torch

from helpers.pipeline.losses import (
    BCE,
    BCE_WITH_LOGITS,
    CROSS_ENTROPY,
    NLL,
    Loss,
    compared_by,
    gives_this_loss,
    known_loss,
)
from helpers.pipeline.seen import Seen

WHOLE = (torch.int64, torch.uint8)  # what torch takes as classes


def unfit_classes(seen: Seen) -> str | None:
    """Name labels that are no classes of the model."""
    yhat, y = compared_by(seen, CROSS_ENTROPY, NLL)
    loss = known_loss(seen.comparing)
    if loss is None or yhat is None or y is None or yhat.ndim < 2:
        return None
    if seen.compared is None:  # what a function compares is only supposed
        return None
    return unfit(yhat, y, loss)


def unfit(yhat: torch.Tensor, y: torch.Tensor, loss: Loss) -> str | None:
    """Say why a loss of classes cannot compare these two, if it cannot."""
    return (
        _other_number_of_rows(yhat, y)
        or _one_hot(yhat, y, loss.kind == CROSS_ENTROPY)
        or _column(yhat, y)
        or _other_axes(yhat, y)
        or _other_type(yhat, y)
        or _out_of_range(yhat, y, loss)
    )


def supposed_class_out_of_range(seen: Seen) -> str | None:
    """Name a class out of range that a function is about to get.

    Torch itself says so on a CPU, and its error is explained. An accelerator
    would not survive it.
    """
    yhat, y = compared_by(seen, CROSS_ENTROPY, NLL)
    loss = known_loss(seen.comparing)
    if loss is None or yhat is None or y is None or seen.compared is not None:
        return None
    is_plain = yhat.ndim == 2 and y.shape == yhat.shape[:1]
    if not is_plain or is_on_cpu(y):
        return None
    return _out_of_range(yhat, y, loss)


def is_on_cpu(tensor: torch.Tensor) -> bool:
    """Tell whether an error of torch comes back from where a tensor is."""
    return tensor.device.type == "cpu"


def _other_number_of_rows(yhat, y) -> str | None:
    if y.ndim and len(y) == len(yhat):
        return None
    n_labels = len(y) if y.ndim else 1
    return (
        f"There are {len(yhat)} rows of predictions, {list(yhat.shape)}, and "
        f"{n_labels} labels, {list(y.shape)}, but each row needs one. A "
        "reshape in the model, such as x.view(-1, n), may have mixed rows: "
        "x.flatten(1) keeps them."
    )


def _one_hot(yhat, y, may_be_probabilities: bool) -> str | None:
    """Name rows of 0 and 1, one column per class, in place of classes."""
    is_in_columns = y.ndim == yhat.ndim and y.shape[1] > 1
    if not is_in_columns or y.shape[2:] != yhat.shape[2:]:
        return None
    is_same = y.shape == yhat.shape
    if is_same and may_be_probabilities and y.is_floating_point():
        return None
    found = f"The labels have shape {list(y.shape)}"
    if not is_one_hot(y):
        return (
            f"{found} and predictions {list(yhat.shape)}, but the loss takes "
            "one class per row, whole numbers of shape [n]. If several classes "
            "may be right at once, use nn.BCEWithLogitsLoss and y.float()."
        )
    remark = "" if is_same else f" The model has {yhat.shape[1]} outputs."
    return (
        f"{found}, one-hot: a column per class. Class labels are int64, of "
        f"shape [n]: y.argmax(dim=1).{remark}"
    )


def is_one_hot(y: torch.Tensor) -> bool:
    """Tell whether each row has a single 1 along axis 1, and else 0."""
    is_binary = bool(((y == 0) | (y == 1)).all())
    return is_binary and bool((y.sum(dim=1) == 1).all())


def _column(yhat, y) -> str | None:
    """Name classes that stand in a column, [n, 1]."""
    is_column = y.ndim == yhat.ndim and y.shape[1] == 1
    if not is_column or yhat.shape[1] == 1:
        return None
    cast = "" if y.dtype in WHOLE else ".long()"
    return (
        f"The labels have shape {list(y.shape)} and the predictions "
        f"{list(yhat.shape)}, but class labels have no axis of their own "
        f"beside the outputs. Take axis 1 out: y.squeeze(1){cast}."
    )


def _other_axes(yhat, y) -> str | None:
    """Name predictions whose second axis does not count the classes."""
    wanted = (*yhat.shape[:1], *yhat.shape[2:])
    if y.shape == yhat.shape or y.shape == wanted:
        return None
    said = (
        f"The predictions have shape {list(yhat.shape)} and the labels "
        f"{list(y.shape)}, but the loss counts classes along axis 1 and so "
        f"expects labels of shape {list(wanted)}."
    )
    if y.shape == yhat.shape[:-1]:
        return f"{said} Move the axis of classes: yhat.movedim(-1, 1)."
    if y.ndim == 1 and yhat.ndim > 2:
        return f"{said} Flatten in the model: x.flatten(1)."
    return said


def _other_type(yhat, y) -> str | None:
    """Name classes that are not whole numbers to torch."""
    if y.shape == yhat.shape or y.dtype in WHOLE:
        return None
    return (
        f"The labels are {str(y.dtype).removeprefix('torch.')}, but class "
        "labels are int64, whole numbers: y.long(). Quantities, which may lie "
        "between two of them, need another loss, such as nn.MSELoss."
    )


def _out_of_range(yhat, y, loss: Loss) -> str | None:
    """Name classes for which the model has no output."""
    if y.shape == yhat.shape:
        return None
    found = bounds(y, loss.ignore_index)
    if found is None or fits(found, yhat.shape[1]):
        return None
    return out_of_range(found, yhat.shape[1])


def later_class_out_of_range(seen: Seen) -> str | None:
    """Name a label out of range that a later batch will bring.

    Labels that lie in memory are looked at once, in the first step.
    """
    yhat, y = compared_by(seen, CROSS_ENTROPY, NLL)
    loss = known_loss(seen.comparing)
    if loss is None or yhat is None or y is None or yhat.ndim < 2:
        return None
    # a step of one's own may change labels before they reach the loss
    is_of_batch = y is seen.y or torch.equal(y, seen.y)
    is_supposed = seen.compared is None
    if not is_of_batch or y.is_floating_point():
        return None
    if is_supposed and not gives_this_loss(seen, seen.loss_fn):
        return None
    for labels in seen.labels():
        stored = bounds(labels.stored, loss.ignore_index)
        if stored is None or fits(stored, yhat.shape[1]):
            continue
        found = bounds(labels.chosen(), loss.ignore_index)
        if found is not None and not fits(found, yhat.shape[1]):
            return out_of_range(found, yhat.shape[1], f" of {labels.name}")
    return None


Bounds = tuple[int, int]


def bounds(y: torch.Tensor, ignore_index: int) -> Bounds | None:
    """Return the lowest and the highest class; None if all are left out."""
    if y.is_floating_point() or y.is_complex() or not y.numel():
        return None
    low, high = (int(value) for value in y.aminmax())
    if not low <= ignore_index <= high:
        return low, high
    kept = y[y != ignore_index]
    if not kept.numel():
        return None
    low, high = kept.aminmax()
    return int(low), int(high)


def fits(found: Bounds, n_classes: int) -> bool:
    """Tell whether classes are among those that are counted from 0."""
    return found[0] >= 0 and found[1] < n_classes


def out_of_range(found: Bounds, n_classes: int, of: str = "") -> str:
    """Say what is wrong with classes that do not fit."""
    low, high = found
    other = low if low < 0 else high
    said = (
        f"The labels{of} go from {low} to {high}, but {other} is not among the "
        f"classes 0 to {n_classes - 1} of a model with "
        f"{n_classes} outputs."
    )
    if low < 0:
        return (
            f"{said} If {low} marks rows without a class, tell the loss to "
            f"leave them out: nn.CrossEntropyLoss(ignore_index={low})."
        )
    if low > 0 and high == n_classes:
        return f"{said} Classes are counted from 0, so subtract 1: y - 1."
    return (
        f"{said} Give its last layer an output per class: "
        f"nn.Linear(n_features, {high + 1})."
    )


# ---------------------------------------------------- losses of yes and no


def unfit_answers(seen: Seen) -> str | None:
    """Name labels that a loss of yes and no does not take."""
    yhat, y = compared_by(seen, BCE, BCE_WITH_LOGITS)
    if yhat is None or y is None or seen.compared is None:
        return None
    return unfit_yes_or_no(yhat, y)


def unfit_yes_or_no(yhat: torch.Tensor, y: torch.Tensor) -> str | None:
    """Say why a loss of yes and no cannot compare these two, if it cannot."""
    if y.shape != yhat.shape:
        return _other_shape(yhat, y)
    if y.is_floating_point():
        return None
    return (
        f"The labels are {str(y.dtype).removeprefix('torch.')}, but this "
        "loss takes a number from 0 to 1 for each output: y.float()."
    )


def answers_out_of_range(seen: Seen) -> str | None:
    """Name labels beyond 0 and 1, with which such a loss has no floor."""
    yhat, y = compared_by(seen, BCE, BCE_WITH_LOGITS)
    if yhat is None or y is None or not y.numel() or y.shape != yhat.shape:
        return None
    low, high = (float(value) for value in y.aminmax())
    if low >= 0 and high <= 1:
        return None
    return (
        f"The labels go from {low:g} to {high:g}, but this loss takes 0 for no "
        "and 1 for yes, and with other labels it falls without limit. For more "
        "than two classes use nn.CrossEntropyLoss, with one output per class."
    )


def _other_shape(yhat, y) -> str | None:
    said = (
        f"The predictions have shape {list(yhat.shape)} and the labels "
        f"{list(y.shape)}, and the loss does not accept this pair, as it "
        "compares each output with a label of its own."
    )
    if yhat.ndim == 2 and yhat.shape[1] > 1 and y.numel() == len(yhat):
        return f"{said} Classes of shape [n] are for nn.CrossEntropyLoss."
    if yhat.numel() == y.numel():
        return f"{said} Give both the same shape: y.reshape(yhat.shape)."
    return said


def one_output_of_classes(seen: Seen) -> str | None:
    """Name a cross-entropy over a single class, which is always 0."""
    yhat, y = compared_by(seen, CROSS_ENTROPY)
    return None if yhat is None or y is None else one_output(yhat, y)


def one_output(yhat: torch.Tensor, y: torch.Tensor) -> str | None:
    """Say what is wrong with a single output, if there is only one."""
    if yhat.ndim == 1 and y.ndim == 1 and len(y) > 1:
        said = "one number per row, which torch takes for a row of classes"
    elif yhat.ndim >= 2 and yhat.shape[1] == 1:
        said = "one output, so the loss is 0 whatever it predicts"
    else:
        return None
    return (
        f"Cross-entropy compares classes, but the model has {said}. Give the "
        "model one output per class, or use nn.BCEWithLogitsLoss with labels "
        f"of shape {list(yhat.shape)}, y.float()."
    )


# ------------------------------------------------- what is worth a warning


def rows_of_no_distribution(seen: Seen) -> str | None:
    """Doubt labels given as probabilities that are none."""
    yhat, y = compared_by(seen, CROSS_ENTROPY)
    if yhat is None or y is None or y.shape != yhat.shape or y.ndim < 2:
        return None
    if not y.is_floating_point() or yhat.shape[1] == 1:
        return None
    sums = y.sum(dim=1)
    is_sound = bool((y >= 0).all()) and bool(((sums - 1).abs() < 0.02).all())
    if is_sound:
        return None
    return (
        "Cross-entropy takes each row of float labels as probabilities of the "
        f"classes, but a row adds up to {_farthest_from_one(sums):g}, not to "
        "1. If several classes may be right at once, use "
        "nn.BCEWithLogitsLoss; if the columns are quantities, nn.MSELoss."
    )


def _farthest_from_one(sums: torch.Tensor) -> float:
    sums = sums.flatten()
    return round(float(sums[(sums - 1).abs().argmax()]), 3)


def one_hot_beside_metrics(seen: Seen) -> str | None:
    """Doubt one-hot labels where a metric compares classes."""
    yhat, y = compared_by(seen, CROSS_ENTROPY)
    if not seen.has_metrics or yhat is None or y is None or y.ndim != 2:
        return None
    if y.shape != yhat.shape or yhat.shape[1] == 1 or not is_one_hot(y):
        return None
    return (
        f"The labels have shape {list(y.shape)}, one-hot: a column per class. "
        "Cross-entropy takes them as probabilities, but a metric such as "
        "accuracy compares classes of shape [n]: y.argmax(dim=1)."
    )
