"""Rows for the patients, others than those of the page."""

import functools

import torch

from helpers.datasets.digits import load_digits
from helpers.datasets.line import NOISE, TRUE_B, TRUE_W
from helpers.datasets.mnist_1d import load_mnist_1d

Rows = tuple[torch.Tensor, torch.Tensor]


def draw(kind: str, seed: int, n_val: int = 401) -> tuple[Rows, Rows]:
    """Return rows to train on, and others to validate on.

    Args:
        kind: "line", "pixels" [n, 64], "images" [n, 1, 8, 8], "rows"
            [n, 8, 8], "raw" (pixels from 0 to 16) or "signals" [n, 40].
        seed: of the choice.
        n_val: rows to validate on; of the line there are always 40, and of
            the signals no more than 401.
    """
    numbers = torch.Generator().manual_seed(seed)
    if kind == "line":
        x = torch.rand(120, 1, generator=numbers)
        noise = torch.randn(120, 1, generator=numbers)
        y = (TRUE_B + TRUE_W * x + NOISE * noise)[:, 0]
        return (x[:80], y[:80]), (x[80:], y[80:])
    x, y = _signals() if kind == "signals" else _digits()
    order = torch.randperm(len(x), generator=numbers)
    shape = {
        "pixels": (64,),
        "raw": (64,),
        "images": (1, 8, 8),
        "rows": (8, 8),
        "signals": (40,),
    }[kind]
    x, y = x[order].reshape(-1, *shape), y[order]
    if kind not in ("raw", "signals"):
        x = x / 16
    n = 1000
    return (x[:n], y[:n]), (x[n : n + n_val], y[n : n + n_val])


@functools.cache
def _digits() -> Rows:
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32)
    return images, torch.tensor(digits.labels)


@functools.cache
def _signals() -> Rows:
    signals = load_mnist_1d()
    return torch.tensor(signals.x[:1401]), torch.tensor(signals.y[:1401])
