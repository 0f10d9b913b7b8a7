"""What torch says when a step fails, in a sentence that says what to do.

Here belong errors of torch. A fault that raises nothing is for the judges. An
explanation takes what torch said and what was seen, and returns a sentence, or
None if it is about something else.
"""

import re
from typing import Any

import torch

from helpers.pipeline.class_judges import (
    one_output,
    out_of_range,
    unfit,
    unfit_yes_or_no,
)
from helpers.pipeline.losses import BCE, BCE_WITH_LOGITS, known_loss
from helpers.pipeline.seen import Seen

EXPLAINED = (RuntimeError, ValueError, TypeError, IndexError)


def explain(error: Exception, seen: Seen) -> str | None:
    """Return the first explanation that fits an error of a step."""
    for explained in EXPLANATIONS:
        sentence = explained(str(error), seen)
        if sentence is not None:
            return sentence
    return None


def other_device(_said: str, seen: Seen) -> str | None:
    """Explain a batch that is not where the model is."""
    parameter = _first_parameter(seen)
    device = getattr(seen.x, "device", None)
    if parameter is None or device is None or device == parameter.device:
        return None
    return (
        f"The batch is on {device.type} and the model on "
        f"{parameter.device.type}. Send each batch to the device of "
        "the model: x_batch.to(device)."
    )


def other_dtype(said: str, seen: Seen) -> str | None:
    """Explain numbers of another type than the weights."""
    words = ("dtype", "expected scalar type", "class probabilities, got")
    words = (*words, "not implemented for", "can't be cast")
    words = (*words, "should be the same", "following scalar types")
    if not any(word in said for word in words):
        return None
    kinds = [_kind(v) for v in (seen.x, _first_parameter(seen), seen.y)]
    found = (
        f"The features are {kinds[0]}, the model is {kinds[1]} and the "
        f"labels are {kinds[2]}."
    )
    if "indices" in said:
        return f"{found} An embedding takes whole numbers: x.long()."
    if kinds[0] == "uint8":
        return (
            f"{found} Images are stored as bytes, 0 to 255; a model takes "
            "float32, best from 0 to 1: x / 255."
        )
    return (
        f"{found} NumPy makes float64, torch computes with float32: "
        "torch.as_tensor(x, dtype=torch.float32). Class labels are int64."
    )


def batch_of_one_row(said: str, seen: Seen) -> str | None:
    """Explain batch norm that met a batch of one row."""
    if "more than 1 value per channel" not in said:
        return None
    return (
        "Batch norm cannot train on a batch of one row, since one row has "
        "no spread. Use another batch size, or drop_last=True."
    )


def other_width(said: str, seen: Seen) -> str | None:
    """Explain features that a layer does not take."""
    words = ("shapes cannot be multiplied", "size mismatch", "channels, but")
    words = (*words, "D input (got", "D (unbatched) or")
    if not any(word in said for word in words):
        return None
    n_axes = getattr(seen.x, "ndim", 0)
    if "channels, but" in said or "(unbatched)" in said:
        advice = _channels(said, seen)
    elif n_axes > 2 and "multiplied" in said:
        advice = (
            "A linear layer takes rows [n, n_features]: nn.Flatten() before it "
            "makes them, and after convolutions their number follows from the "
            "size of the image."
        )
    else:
        advice = (
            "A first linear layer takes [n, n_features], a first convolution "
            "[n, n_channels, height, width]."
        )
    return (
        f"The features have shape {_shape(seen.x)}, but a layer expects a "
        f"different number of them ({' '.join(said.split())}). {advice}"
    )


def _channels(said: str, seen: Seen) -> str:
    """Say how images get their axis of channels where it should be."""
    wanted = re.search(r"to have (\d+) channels", said)
    shape = list(getattr(seen.x, "shape", []))
    if wanted and len(shape) == 4 and shape[-1] == int(wanted.group(1)):
        return (
            "The channels are in the last axis, and a convolution takes them "
            "in axis 1: x.permute(0, 3, 1, 2)."
        )
    if len(shape) == 2:
        return (
            "The images lie in rows, and a convolution takes them with their "
            "axes: x.reshape(len(x), n_channels, height, width)."
        )
    return "A first convolution takes [n, n_channels, height, width]."


def too_small(said: str, seen: Seen) -> str | None:
    """Explain an image that is used up before the last convolution."""
    words = ("Kernel size can't be greater", "Output size is too small")
    if not any(word in said for word in words):
        return None
    return (
        f"The images, {_shape(seen.x)}, become too small on the way through "
        f"the model ({' '.join(said.split())}). Take out a pooling layer, or "
        "give the convolutions a padding."
    )


def unfit_labels(said: str, seen: Seen) -> str | None:
    """Explain labels that the loss refuses, as a judge would name them."""
    words = ("target", "Target", "labels", "can't be cast", "Found dtype")
    yhat, y = seen.compared or (seen.yhat, seen.y)
    tensors = isinstance(yhat, torch.Tensor) and isinstance(y, torch.Tensor)
    loss = known_loss(seen.comparing)
    if loss is None or not tensors or not any(word in said for word in words):
        return None
    if loss.kind in (BCE, BCE_WITH_LOGITS):
        return unfit_yes_or_no(yhat, y)
    return one_output(yhat, y) or unfit(yhat, y, loss)


def other_labels(said: str, seen: Seen) -> str | None:
    """Explain labels whose shape a loss of another kind refuses."""
    words = ("must be the same as input size", "a target size", "target tensor")
    words = (*words, "match target batch_size", "spatial targets")
    sizes = "must match the size of tensor" in said and seen.compared
    if not sizes and not any(word in said for word in words):
        return None
    yhat, y = seen.compared or (seen.yhat, seen.y)
    if yhat is None:  # a later batch, of which only the labels are known
        return (
            f"The loss does not accept the labels of this batch, {_shape(y)} "
            f"({' '.join(said.split())}), though it accepted earlier ones. "
            "Look for what its items have in another shape."
        )
    return (
        f"The predictions have shape {_shape(yhat)} and the labels "
        f"{_shape(y)}, and the loss does not accept this pair. Cross-entropy "
        "takes classes, whole numbers of shape [n]; other losses take labels "
        "of the same shape as the predictions."
    )


def class_out_of_range(said: str, seen: Seen) -> str | None:
    """Explain a class that the model has no output for.

    Of a later batch only the labels are known. A loss of one's own picks the
    logits by indexing.
    """
    picked = re.search(r"index (-?\d+) is out of bounds .* size (\d+)", said)
    target = re.search(r"Target (-?\d+) is out of bounds", said)
    found = picked or target
    y = (seen.compared or (seen.yhat, seen.y))[1]
    if not found or not isinstance(y, torch.Tensor) or y.is_floating_point():
        return None
    low, high = (int(value) for value in y.aminmax())
    if int(found.group(1)) not in (low, high):
        return None
    if picked:
        return out_of_range((low, high), int(picked.group(2)))
    return (
        f"A label is not among the classes of the model ({said.rstrip('.')}), "
        "which has one output per class and counts classes from 0. The labels "
        f"of this batch go from {low} to {high}."
    )


def index_out_of_range(said: str, seen: Seen) -> str | None:
    """Explain a token that an embedding does not have."""
    if said != "index out of range in self":
        return None
    x = seen.x
    is_whole = isinstance(x, torch.Tensor) and not x.is_floating_point()
    high = f", which go up to {int(x.max())}" if is_whole and len(x) else ""
    return (
        f"An embedding has no row for one of the features{high}. It needs one "
        "row more than the largest of them: nn.Embedding(largest + 1, ...)."
    )


def other_weights(said: str, seen: Seen) -> str | None:
    """Explain class weights that are not one per class."""
    if "weight tensor should be defined" not in said:
        return None
    weight = getattr(seen.comparing, "weight", None)
    yhat, _ = seen.compared or (seen.yhat, seen.y)
    return (
        f"The loss has weights of shape {_shape(weight)} and the predictions "
        f"have shape {_shape(yhat)}. The loss takes one weight per class."
    )


def no_gradient(said: str, _seen: Seen) -> str | None:
    """Explain a loss from which no gradient leads back."""
    if "does not require grad and does not have a grad_fn" not in said:
        return None
    return (
        "No gradient leads from the loss back to the model. Counting or "
        "choosing (argmax, ==, round) has none, and item(), detach() and "
        "torch.no_grad() cut it off: train on a loss such as "
        "nn.CrossEntropyLoss, and use accuracy as a metric."
    )


def stopped_accelerator(said: str, _seen: Seen) -> str | None:
    """Explain an accelerator that ended in the middle of a computation."""
    if "device-side assert" not in said:
        return None
    return (
        "The accelerator stopped at a number it could not use, most likely a "
        "label or another index out of range, and computes nothing more in "
        "this process. Restart the kernel and train one epoch with "
        'device="cpu", where the error says which number it is.'
    )


def no_probability(said: str, seen: Seen) -> str | None:
    """Explain a loss of probabilities that got logits."""
    if "between 0 and 1" not in said:
        return None
    return (
        "nn.BCELoss takes probabilities, but the predictions or labels are not "
        "all between 0 and 1. Use nn.BCEWithLogitsLoss, which takes the output "
        "of the last linear layer as it is."
    )


EXPLANATIONS = [
    stopped_accelerator,
    other_device,
    unfit_labels,
    class_out_of_range,
    index_out_of_range,
    other_weights,
    no_gradient,
    no_probability,
    other_labels,
    other_dtype,
    batch_of_one_row,
    too_small,
    other_width,
]


def _first_parameter(seen: Seen) -> Any:
    return next(seen.model.parameters(), None)


def _kind(value) -> str:
    dtype = getattr(value, "dtype", type(value).__name__)
    return str(dtype).removeprefix("torch.")


def _shape(value) -> str:
    return str(list(getattr(value, "shape", [])))
