"""The figures of chapter 15: how a page calls each, and what its words say."""

from helpers import plots

FIGURES = {
    "kinds_of_values": (
        lambda: plots.kinds_of_values(
            0.3,
            {
                "settings": {"run_name": 0.3, "print_every": 0.3},
                "the seed": {"seed 1": 0.25},
                "hyperparameters": {"lr 0.01": 0.4, "batch_size 64": 2.3},
            },
        ),
        [
            "Without a change: 0.30",
            "the same with run_name and print_every",
            "Different: seed 1 0.25, lr 0.01 0.40 and batch_size 64 2.3.",
        ],
    ),
    "two_files": (
        plots.two_files,
        ["hparams.json once", "from these two files"],
    ),
}
