"""A small classifier that notes how it is called, and its right training."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.practice import Seen, judge
from helpers.practice.probes.states import fill

N_CLASSES = 3
DEVICES = {"not_moved": lambda s: s.x.device != s.weight.device}


class Probe(nn.Module):
    """Takes images [n, 1, 2, 2], gives logits [n, 3], and notes each call.

    Attributes:
        calls: of each forward pass: the numbers of its images, whether the
            model and any layer were in train mode, and whether autograd
            recorded it.
    """

    def __init__(self, seed: int):
        super().__init__()
        self.calls: list[Seen] = []
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Sequential(nn.BatchNorm1d(4)),
            nn.Linear(4, N_CLASSES),
        )
        fill(self, seed)

    def forward(self, x):
        """Give logits [n, 3]; say so where the images are not as they were."""
        judge(DEVICES, Seen(x=x, weight=self.layers[-1].weight))
        yhat = self.layers(x)  # [n, 3]
        modes = [module.training for module in self.modules()]
        self.calls.append(
            Seen(
                first=None if x.is_meta else x[0, 0, 0, 0].item(),
                trains=all(modes),
                evaluates=not any(modes),
                recorded=yhat.requires_grad,
            )
        )
        return yhat


def draw(n: int, seed: int) -> TensorDataset:
    """Draw images [n, 1, 2, 2] and labels [n]."""
    numbers = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 1, 2, 2, generator=numbers)
    return TensorDataset(x, torch.randint(N_CLASSES, (n,), generator=numbers))


def make_loaders(seed: int) -> tuple[DataLoader, DataLoader]:
    """Build a loader of 11 rows in fours, and one of 8 rows in threes."""
    return DataLoader(draw(11, seed), 4), DataLoader(draw(8, seed + 50), 3)


def right_run(model, optimizer, train_loader, val_loader, n_epochs) -> Seen:
    """Train as it should be; keep what mistakes would make of it.

    Returns:
        per epoch: ``batches`` and ``val_batches``, the loss, the number
        correct and the number of rows of each batch.
    """
    seen = Seen(batches=[], val_batches=[])
    for _ in range(n_epochs):
        pairs = []
        model.train()
        for x, y in train_loader:
            yhat = model(x)
            loss = F.cross_entropy(yhat, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            pairs.append((loss.item(), _correct(yhat, y), len(y)))
        seen.batches.append(pairs)
        model.eval()
        with torch.no_grad():
            seen.val_batches.append(
                [
                    (F.cross_entropy(yhat, y).item(), _correct(yhat, y), len(y))
                    for yhat, y in ((model(x), y) for x, y in val_loader)
                ]
            )
    return seen


def losses_of(epochs, way: str = "rows") -> list[float]:
    """Return a loss per epoch.

    Args:
        epochs: triples of each epoch, as `right_run` keeps them.
        way: "rows" (right), "plain" (the mean over batches), "sum" or "last".
    """
    found = []
    for triples in epochs:
        losses, _, sizes = zip(*triples, strict=True)
        total = sum(one * n for one, n in zip(losses, sizes, strict=True))
        found.append(
            {
                "rows": total / sum(sizes),
                "plain": sum(losses) / len(losses),
                "sum": sum(losses),
                "total": total,
                "last": losses[-1],
            }[way]
        )
    return found


def accuracies_of(epochs, way: str = "rows") -> list[float]:
    """Return an accuracy per epoch, likewise; "count" counts right rows."""
    found = []
    for triples in epochs:
        _, correct, sizes = zip(*triples, strict=True)
        shares = [one / n for one, n in zip(correct, sizes, strict=True)]
        found.append(
            {
                "rows": sum(correct) / sum(sizes),
                "plain": sum(shares) / len(shares),
                "nominal": sum(correct) / (len(sizes) * sizes[0]),
                "batches": sum(correct) / len(sizes),
                "count": float(sum(correct)),
                "last": shares[-1],
            }[way]
        )
    return found


def _correct(yhat, y) -> int:
    return int((yhat.argmax(1) == y).sum())
