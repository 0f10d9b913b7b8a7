"""A training run as `fit` should make it, and what mistakes make of it."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.practice import Seen
from helpers.practice.probes.steps import Bench, lopsided, make_batches

SIZE = 4  # of a batch of training; validation has one row less
ROWS = {"train": 11, "valid": 7}  # leaves a ragged last batch in both
Pairs = list[tuple[float, int]]  # the loss and the number of rows of batches


class Counted(DataLoader):
    """A loader that counts how often somebody goes through it."""

    passes = 0

    def __iter__(self):
        self.passes += 1
        return super().__iter__()


def make_loaders(seed: int, drop_last: bool) -> tuple[Counted, Counted]:
    """Build a loader of training rows and one of validation rows."""
    train, valid = (
        TensorDataset(*make_batches(1, n=n, seed=seed + k)[0])
        for k, n in enumerate(ROWS.values())
    )
    return (
        Counted(train, SIZE, drop_last=drop_last),
        Counted(valid, SIZE - 1, drop_last=drop_last),
    )


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


def by_dataset(epochs: list[Pairs], n_rows: int) -> list[float]:
    """Return the means if all rows of the dataset were counted, seen or not."""
    return [sum(loss * n for loss, n in pairs) / n_rows for pairs in epochs]


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


# What a mistake gives in place of the training losses.
TRAIN = {
    "swapped_lists": lambda s: s.val_losses,
    "plain_mean": lambda s: wrong_means(s.batches, "plain"),
    "nominal_size": lambda s: wrong_means(s.batches, "nominal"),
    "sum": lambda s: wrong_means(s.batches, "sum"),
    "last_batch": lambda s: wrong_means(s.batches, "last"),
    "adds_up": lambda s: wrong_means(s.batches, "running"),
    "measured_after": lambda s: s.measured,
    "by_dataset": lambda s: by_dataset(s.batches, ROWS["train"]),
}
# The same for the validation losses.
VALID = {
    "plain_mean": lambda s: wrong_means(s.val_batches, "plain"),
    "nominal_size": lambda s: wrong_means(s.val_batches, "nominal"),
    "nominal_size.train": lambda s: wrong_means(s.val_batches, "by_train"),
    "sum": lambda s: wrong_means(s.val_batches, "sum"),
    "last_batch": lambda s: wrong_means(s.val_batches, "last"),
    "adds_up": lambda s: wrong_means(s.val_batches, "running"),
    "by_dataset": lambda s: by_dataset(s.val_batches, ROWS["valid"]),
    "validates_first": lambda s: [s.at_start, *s.val_losses[:-1]],
    "training_again": lambda s: s.losses,
}


def fill(model: nn.Module, value: float) -> None:
    """Fill parameters and buffers with one number."""
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.fill_(value)


def is_state(state) -> bool:
    """Whether something is a dictionary of names and tensors."""
    try:
        return all(isinstance(v, torch.Tensor) for v in dict(state).values())
    except (TypeError, ValueError):
        return False


def aliases(state, model: nn.Module) -> bool:
    """Whether a state looks into the tensors of a model."""
    own = {tensor.data_ptr() for tensor in model.state_dict().values()}
    return any(tensor.data_ptr() in own for tensor in dict(state).values())


def plain(scores: torch.Tensor, shift) -> torch.Tensor:
    """Return the plain formula of shifted scores [n, n_classes]."""
    shifted = scores - shift
    return shifted - shifted.exp().sum(-1, keepdim=True).log()


def shifted(seen) -> torch.Tensor:
    """Return the scores with the largest of each row subtracted."""
    return seen.scores - seen.scores.amax(-1, keepdim=True)


def other_shifts(seen) -> list[torch.Tensor]:
    """Return what may be subtracted in place of the largest score."""
    scores = seen.scores
    return [
        scores.mean(-1, keepdim=True),
        scores.amin(-1, keepdim=True),
        scores.argmax(-1, keepdim=True),
    ]
