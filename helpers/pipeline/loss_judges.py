"""Faults that only a loss of quantities knows.

Here belongs what is true of losses that compare element by element. Losses of
classes have judges of their own, `helpers.pipeline.class_judges` and
`helpers.pipeline.output_judges`.
"""

from helpers.pipeline.losses import compared, compares_elements
from helpers.pipeline.seen import Seen


def broadcast_labels(seen: Seen) -> str | None:
    """Name labels that a loss pairs with predictions of other points."""
    yhat, y = compared(seen)
    if yhat is None or y is None or yhat.shape == y.shape:
        return None
    # one number for all, or one per row beside several predictions, is meant
    is_meant = y.ndim == 0 or (
        y.ndim == yhat.ndim
        and all(n in (1, m) for n, m in zip(y.shape, yhat.shape, strict=True))
    )
    if is_meant or not compares_elements(seen):
        return None
    return (
        f"The predictions have shape {list(yhat.shape)} and the labels "
        f"{list(y.shape)}: the loss would pair every label with every "
        "prediction, and the model would learn something wrong. Give both "
        "the same shape, often with y.reshape(-1, 1)."
    )
