"""A training run as `fit` should make it, and what mistakes make of it."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.practice import Seen
from helpers.practice.probes.steps import Bench, lopsided, make_batches

SIZE = 4  # of a batch of training; validation has one row less
ROWS = {"train": 11, "valid": 7}  # leaves a ragged last batch in both
Pairs = list[tuple[float, int]]  # the loss and the number of rows of batches


def make_loaders(seed: int) -> tuple[DataLoader, DataLoader]:
    """Build a loader of training rows and one of validation rows."""
    train, valid = (
        TensorDataset(*make_batches(1, n=n, seed=seed + k)[0])
        for k, n in enumerate(ROWS.values())
    )
    return DataLoader(train, SIZE), DataLoader(valid, SIZE - 1)


def right_run(bench: Bench, train_dl, valid_dl, epochs: int) -> Seen:
    """Train as it should be; keep the loss and the size of each batch.

    Returns:
        ``losses`` and ``val_losses``, one per epoch; the pairs of each epoch,
        ``batches`` and ``val_batches``; the training losses ``measured`` after
        each epoch, and the validation loss ``at_start``.
    """
    model, optimizer = bench.model, bench.optimizer
    seen = Seen(batches=[], val_batches=[], measured=[])
    seen.at_start = mean(measure(model, valid_dl))
    for _ in range(epochs):
        pairs = []
        for x, y in train_dl:
            loss = lopsided(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            pairs.append((loss.item(), len(x)))
        seen.batches.append(pairs)
        seen.measured.append(mean(measure(model, train_dl)))
        seen.val_batches.append(measure(model, valid_dl))
    seen.losses = [mean(pairs) for pairs in seen.batches]
    seen.val_losses = [mean(pairs) for pairs in seen.val_batches]
    return seen


def measure(model: nn.Module, loader) -> Pairs:
    """Return the loss and the size of each batch of a loader."""
    with torch.no_grad():
        return [(lopsided(model(x), y).item(), len(x)) for x, y in loader]


def mean(pairs: Pairs) -> float:
    """Return the mean over all rows."""
    return sum(loss * n for loss, n in pairs) / sum(n for _, n in pairs)


def wrong_means(epochs: list[Pairs], way: str) -> list[float]:
    """Return what each epoch gives where its mean is taken wrongly.

    Args:
        epochs: the pairs of each epoch.
        way: "plain" (every batch counts alike), "nominal" (as if all were
            full), "by_train" (as if all had the size of training), "sum",
            "last" (the last batch alone) or "running" (sums never set back).
    """
    size = {"nominal": epochs[0][0][1], "by_train": SIZE}.get(way, 1)
    found = []
    for k, pairs in enumerate(epochs):
        losses, sizes = zip(*pairs, strict=True)
        n = {"plain": len(losses), "sum": 1}.get(way, sum(sizes))
        found.append(sum(losses) * size / n)
        if way == "last":
            found[-1] = losses[-1]
        elif way == "running":
            found[-1] = mean([pair for one in epochs[: k + 1] for pair in one])
    return found


def parts_of(result) -> dict:
    """Return both halves of a pair, for words; None where there is no pair."""
    pair = isinstance(result, (tuple, list)) and len(result) == 2
    first, second = result if pair else (None, None)
    return {"result": result, "first": first, "second": second}
