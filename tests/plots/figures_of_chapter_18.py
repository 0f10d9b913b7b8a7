"""The figures of chapter 18: how a page calls each, and what its words say."""

from helpers import plots

CORRECT = [False, True, True, True, True, False, True, True, True, True]

FIGURES = {
    "all_reduce": (
        lambda: plots.all_reduce(
            [[1, 2, 3, 4], [10, 20, 30, 40], [5, 6, 7, 8], [9, 9, 9, 9]]
        ),
        ["4 ranks add up 4 numbers each, in 7 steps", "all have all sums"],
    ),
    "gradients_meet": (
        lambda: plots.gradients_meet(3),
        ["through 3 layers", "step exchanges nothing"],
    ),
    "padding": (
        lambda: plots.padding(CORRECT, 4),
        [
            "10 validation rows on 4 processes",
            "2 rows are counted twice: 9 of 12 right, 75.0 percent",
            "shares of 3 + 3 + 2 + 2 rows, 8 of 10 are right, 80.0 percent",
        ],
    ),
    "sharded_layers": (
        lambda: plots.sharded_layers(4),
        ["4 ranks, two layers", "in 6 steps", "holds 1/4 of each layer"],
    ),
    "shares": (
        lambda: plots.shares(27, 16, 8),
        [
            "27 rows as cells, in 2 updates of at most 16",
            "1 process: 16 and 11; 2 processes: 8 + 8 and 6 + 5; "
            "4 processes: 4 + 4 + 4 + 4 and 3 + 3 + 3 + 2",
            "more than 8",
        ],
    ),
    "throughput": (
        lambda: plots.throughput(
            {1: [1.0, 1.0], 2: [1.6, 1.8, 1.7]},
            {1: 1.0, 2: 1.75, 4: 2.9, 8: 4.1, 16: 4.8},
            512,
        ),
        [
            "updates of 512 rows",
            "2 processes are 1.7 times as fast as one",
            "ends at 4.8 for 16 processes",
        ],
    ),
}
