"""The figures of chapter 17: how a page calls each, and what its words say."""

from helpers import plots
from helpers.measuring.epoch_parts import PARTS, EpochParts

REGIMES = {
    "batch_sizes": [1, 16, 256],
    "titles": {"line-sgd": "line, SGD", "network": "digits, network"},
    "seconds": {
        "line-sgd": [1.0e-4, 1.1e-4, 1.2e-4],
        "network": [7e-4, 9e-4, 4e-3],
    },
}
RATIOS = {
    "line, SGD": {"plain": [1, 1, 1], "compiled": [0.08, 0.07, 0.09]},
    "digits, MLP": {"plain": [1, 1, 1], "Lightning": [4, 3.9, 4.2]},
}


def parts(fetching: float, python: float) -> EpochParts:
    microseconds = dict.fromkeys(PARTS, 100.0)
    microseconds |= {PARTS[0]: fetching, PARTS[-1]: python}
    return EpochParts(800, microseconds)


FIGURES = {
    "cost_per_row": (
        lambda: plots.cost_per_row(
            {
                "n_rows": [100, 1000, 1_000_000],
                "seconds": {
                    "plain": [2e-5, 2e-5, 2.1e-5],
                    "eager": [7e-6, 6e-6, 6e-6],
                },
            }
        ),
        ["plain and eager", "eager: from 7.0 µs at 100 rows to 6.0 at 1,000"],
    ),
    "epoch_parts": (
        lambda: plots.epoch_parts(
            {"training v2": parts(700, 300), "v8": parts(20, 180)}, PARTS
        ),
        ["2 versions", "v2: 1.4 ms, most of it fetching", "v8: 0.60 ms"],
    ),
    "ratios": (
        lambda: plots.ratios(RATIOS, "A finding"),
        ["A finding", "compiled 0.08", "digits, MLP: plain 1.00, Lightning 4"],
    ),
    "regimes": (
        lambda: plots.regimes(REGIMES),
        ["of 1 to 256", "line, SGD: flat;", "longer from 256 rows on"],
    ),
}
