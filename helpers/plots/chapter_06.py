"""The figure of chapter 06: what an event file gives back."""

from collections.abc import Sequence

from helpers.page.colours import MODEL, TRAINING
from helpers.plots.style import MSE, course_of, new_figure, picture


@picture
def read_back(
    losses: Sequence[float], steps: Sequence[int], values: Sequence[float]
):
    """Draw losses as they are in memory, and as they were read back.

    Args:
        losses: one per epoch, in memory.
        steps: epochs that were read back.
        values: losses that were read back.
    """
    figure, axes = new_figure()
    axes.plot(losses, color=MODEL, label="the list in memory")
    axes.plot(steps, values, "o", color=TRAINING, label="read back")
    axes.set(xlabel="epoch", ylabel=MSE)
    axes.set_xticks(range(0, len(losses), 5))
    axes.set_title("What was read back lies on what was written")
    axes.legend()
    return figure, (
        f"The {len(losses)} losses in memory as a line that "
        f"{course_of(losses)}, and on it {len(steps)} points read back."
    )
