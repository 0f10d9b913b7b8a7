"""What torch says when a step fails, in a sentence that says what to do.

Here belong errors of torch. A fault that raises nothing is for the judges. An
explanation takes what torch said and what was seen, and returns a sentence, or
None if it is about something else.
"""

from typing import Any

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
    if not any(word in said for word in words):
        return None
    kinds = [_kind(v) for v in (seen.x, _first_parameter(seen), seen.y)]
    return (
        f"The features are {kinds[0]}, the model is {kinds[1]} and the "
        f"labels are {kinds[2]}. NumPy makes float64, torch computes "
        "with float32: torch.as_tensor(x, dtype=torch.float32). Class "
        "labels are int64."
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
    """Explain features that the first layer does not take."""
    words = ("shapes cannot be multiplied", "size mismatch", "channels, but")
    words = (*words, "D input (got", "D (unbatched) or")
    if not any(word in said for word in words):
        return None
    return (
        f"The features have shape {_shape(seen.x)}, but a layer expects a "
        f"different number of them ({' '.join(said.split())}). A first "
        "linear layer takes [n, n_features], a first convolution "
        "[n, n_channels, height, width]."
    )


def other_labels(said: str, seen: Seen) -> str | None:
    """Explain labels whose shape the loss refuses."""
    words = ("must be the same as input size", "a target size", "target tensor")
    words = (*words, "match target batch_size", "spatial targets")
    sizes = "must match the size of tensor" in said and seen.compared
    if not sizes and not any(word in said for word in words):
        return None
    yhat, y = seen.compared or (seen.yhat, seen.y)
    return (
        f"The predictions have shape {_shape(yhat)} and the labels "
        f"{_shape(y)}, and the loss does not accept this pair. Cross-entropy "
        "takes classes, whole numbers of shape [n]; other losses take labels "
        "of the same shape as the predictions."
    )


def class_out_of_range(said: str, seen: Seen) -> str | None:
    """Explain a class that the model has no output for."""
    if "out of bounds" not in said or "Target" not in said:
        return None
    yhat, _ = seen.compared or (seen.yhat, seen.y)
    return (
        f"A label is not among the classes of the model ({said.rstrip('.')}): "
        f"its predictions have shape {_shape(yhat)}, one output per class, and "
        "classes are counted from 0."
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
    other_device,
    class_out_of_range,
    no_probability,
    other_labels,
    other_dtype,
    batch_of_one_row,
    other_width,
]


def _first_parameter(seen: Seen) -> Any:
    return next(seen.model.parameters(), None)


def _kind(value) -> str:
    dtype = getattr(value, "dtype", type(value).__name__)
    return str(dtype).removeprefix("torch.")


def _shape(value) -> str:
    return str(list(getattr(value, "shape", [])))
