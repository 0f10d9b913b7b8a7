"""The figures of the course: each function returns a picture that shows itself.

    plots.batches(batch_of)

is a whole figure, with its alternative text. `style` has what all share,
`diagrams` boxes and arrows, `curves` and `points` what several chapters draw;
what a single chapter draws lies in a file of its own. Colours stand in
`helpers.page.colours`, the look of all figures in `helpers.page.figure_style`.
Nothing here trains, reads a file or writes one.
"""

from helpers.plots.calls import calls
from helpers.plots.challenge_1 import predictions, rides
from helpers.plots.challenge_2 import letters
from helpers.plots.chapter_02 import dataset, memory_of_rows
from helpers.plots.chapter_03 import batch_sizes
from helpers.plots.chapter_04 import by_epochs_and_updates, two_splits
from helpers.plots.chapter_05 import loss_panels, plain_mean_errors
from helpers.plots.chapter_06 import read_back
from helpers.plots.chapter_08 import differences, interruption, lost_files
from helpers.plots.chapter_10 import lr_range, schedule
from helpers.plots.chapter_11 import (
    at_once,
    broadcasting,
    convolved,
    ranks,
    reductions,
    two_means,
    wrong_pairs,
)
from helpers.plots.chapter_12 import (
    difference_errors,
    growing_graph,
    iteration,
)
from helpers.plots.chapter_13 import (
    image_to_loss,
    momentum,
    overflow,
    shorter,
)
from helpers.plots.chapter_14 import (
    accuracies,
    bars,
    confusion,
    filters_and_maps,
    image_and_batch,
    layer_sizes,
    losses_and_accuracy,
    mistakes,
    placed_digits,
)
from helpers.plots.chapter_15 import kinds_of_values, two_files
from helpers.plots.chapter_16 import (
    best_of_many,
    grid_of_runs,
    histograms,
    seeds,
)
from helpers.plots.chapter_17 import (
    cost_per_row,
    epoch_parts,
    ratios,
    regimes,
)
from helpers.plots.chapter_18 import (
    gradients_meet,
    padding,
    shares,
    throughput,
)
from helpers.plots.chapter_19 import (
    activations,
    against_baselines,
    before_and_after,
    gradients_by_layer,
    update_ratios,
)
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
from helpers.plots.exchanges import all_reduce, sharded_layers
from helpers.plots.memory import memory, strides
from helpers.plots.moving.batches import batches
from helpers.plots.moving.convolving import convolution
from helpers.plots.moving.degrees import degrees
from helpers.plots.moving.descents import descents
from helpers.plots.moving.dropped import dropout
from helpers.plots.moving.rates import rates
from helpers.plots.now import pipeline_now
from helpers.plots.points import answers, data, fits

__all__ = [
    "accuracies",
    "activations",
    "against_baselines",
    "all_reduce",
    "answers",
    "at_once",
    "bars",
    "batch_sizes",
    "batches",
    "before_and_after",
    "best_of_many",
    "broadcasting",
    "builder",
    "by_epochs_and_updates",
    "calls",
    "challenge",
    "confusion",
    "convolution",
    "convolved",
    "cost_per_row",
    "data",
    "dataset",
    "degrees",
    "deployment",
    "descents",
    "difference_errors",
    "differences",
    "dropout",
    "epoch_parts",
    "filters_and_maps",
    "fits",
    "gradients_by_layer",
    "gradients_meet",
    "grid_of_runs",
    "growing_graph",
    "histograms",
    "image_and_batch",
    "image_to_loss",
    "interruption",
    "iteration",
    "killed_losses",
    "kinds_of_values",
    "layer_sizes",
    "letters",
    "logging",
    "loss_panels",
    "losses_and_accuracy",
    "lost_files",
    "lr_range",
    "memory",
    "memory_of_rows",
    "mini_batch",
    "mistakes",
    "momentum",
    "overflow",
    "padding",
    "pipeline",
    "pipeline_now",
    "placed_digits",
    "plain_mean_errors",
    "plot_losses",
    "plot_resumed_losses",
    "predictions",
    "ranks",
    "rates",
    "ratios",
    "read_back",
    "reductions",
    "regimes",
    "repeated_losses",
    "rides",
    "scalars",
    "schedule",
    "seeds",
    "sharded_layers",
    "shares",
    "shorter",
    "strides",
    "throughput",
    "two_files",
    "two_means",
    "two_splits",
    "update_ratios",
    "whole_pipeline",
    "writer",
    "wrong_pairs",
]
