"""The figures of the course: each function returns a picture that shows itself.

    plots.batches(batch_of)

is a whole figure, with its alternative text. `style` has what all share,
`diagrams` boxes and arrows, `curves` and `points` what several chapters draw;
what a single chapter draws lies in a file of its own. Colours stand in
`helpers.page.colours`, the look of all figures in `helpers.page.figure_style`.
Nothing here trains, reads a file or writes one.
"""

from helpers.plots.challenge_1 import predictions, rides
from helpers.plots.chapter_02 import dataset, memory_of_rows
from helpers.plots.chapter_03 import batch_sizes, batches, descent_paths
from helpers.plots.chapter_04 import by_epochs_and_updates, two_splits
from helpers.plots.chapter_05 import loss_panels, plain_mean_errors
from helpers.plots.chapter_06 import read_back
from helpers.plots.chapter_08 import differences, interruption, lost_files
from helpers.plots.chapter_10 import lr_range, schedule
from helpers.plots.curves import (
    killed_losses,
    plot_losses,
    plot_resumed_losses,
    repeated_losses,
    scalars,
)
from helpers.plots.diagrams import (
    builder,
    challenge,
    deployment,
    logging,
    mini_batch,
    pipeline,
    whole_pipeline,
    writer,
)
from helpers.plots.points import answers, data, fits, seen_and_unseen

__all__ = [
    "answers",
    "batch_sizes",
    "batches",
    "builder",
    "by_epochs_and_updates",
    "challenge",
    "data",
    "dataset",
    "deployment",
    "descent_paths",
    "differences",
    "fits",
    "interruption",
    "killed_losses",
    "logging",
    "loss_panels",
    "lost_files",
    "lr_range",
    "memory_of_rows",
    "mini_batch",
    "pipeline",
    "plain_mean_errors",
    "plot_losses",
    "plot_resumed_losses",
    "predictions",
    "read_back",
    "repeated_losses",
    "rides",
    "scalars",
    "schedule",
    "seen_and_unseen",
    "two_splits",
    "whole_pipeline",
    "writer",
]
