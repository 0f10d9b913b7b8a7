"""What several checkers of chapter 03 share."""

import itertools

import torch
from torch.utils.data import DataLoader

from helpers.practice.exercises import kind
from helpers.practice.probes.loaders import passes_of
from helpers.practice.verdict import wrong

ARGUMENTS = "chapter 03, the section *The arguments that matter*"


def expect_loader(made, dataset=None) -> None:
    """Say what is wrong if a builder returned something that is no loader."""
    if isinstance(made, DataLoader):
        return
    found = kind(made)
    found = f"{found[:1].upper()}{found[1:]}."
    asked = "A `DataLoader`, the object itself."
    if made is None:
        wrong(
            "returns_nothing",
            expected=asked,
            found="`None`.",
            cause="`return` is missing at the end of the function.",
        )
    if isinstance(made, (list, tuple)) and made and torch.is_tensor(made[0]):
        wrong(
            "one_batch",
            expected=asked,
            found="A list of tensors, which is one batch.",
            cause="`next(iter(loader))` takes the first batch of a pass. "
            "Return the loader.",
        )
    if isinstance(made, (list, tuple)) and any(
        isinstance(part, DataLoader) for part in made
    ):
        wrong(
            "more_than_one",
            expected=asked,
            found=f"{found[:-1]}, with a loader in it.",
            cause="More than the loader is returned. Return it alone.",
        )
    if isinstance(made, (list, tuple)):
        wrong(
            "a_list",
            expected=asked,
            found=found,
            cause="The batches were collected. Such a list holds all points "
            "in memory and keeps one order for ever. Return the loader.",
        )
    if hasattr(made, "__next__"):
        wrong(
            "a_pass",
            expected=asked,
            found=f"{found[:-1]}, which can be run through once.",
            cause="`iter(loader)` starts one pass, and a generator is one. "
            "Return the loader, which can start a pass every epoch.",
        )
    if made is dataset:
        wrong(
            "the_dataset",
            expected=asked,
            found="The data set, as it was given.",
            cause="`DataLoader(dataset, ...)` is missing.",
        )
    wrong(
        "no_loader",
        expected=asked,
        found=found,
        cause="`DataLoader(dataset, ...)` makes one. Return what it gives.",
    )


def read_pass(
    loader, n: int, is_point, label_type=torch.float32
) -> tuple[list[int], list[int]]:
    """Run through a loader once.

    Args:
        loader: gives batches of features [n, 2] and labels [n, ...].
        n: of points in the data set; a pass that goes on for much longer is
            given up.
        is_point: takes a row number, the features [2] and the label, and says
            whether they are a point of the data set.
        label_type: of the labels, a torch dtype.

    Returns:
        the row numbers in the order in which they came, and the sizes of the
        batches.
    """
    rows, sizes = [], []
    for batch in itertools.islice(passes_of(loader), 4 * n + 10):
        x_batch, y_batch = _expect_batch(batch, label_type)
        sizes.append(len(x_batch))
        for x, y in zip(x_batch.tolist(), y_batch.tolist(), strict=True):
            row = int(x[0])
            if not is_point(row, x, y):
                wrong(
                    "other_data",
                    expected="Points of the data that were given, each with "
                    "its own label.",
                    found=f"A point with features `{_numbers(x)}` and label "
                    f"`{_numbers(y)}`.",
                    cause="The loader loads something else, such as data of "
                    "the page, or the features and labels were mixed up, "
                    "changed or reshaped before.",
                )
            rows.append(row)
    return rows, sizes


def _numbers(value) -> str:
    """Write numbers down with the digits that agree between machines."""
    if isinstance(value, list):
        return f"[{', '.join(map(_numbers, value))}]"
    return f"{value:.4g}"


def _expect_batch(batch, label_type):
    pair = isinstance(batch, (list, tuple)) and len(batch) == 2
    if not pair or not all(isinstance(b, torch.Tensor) for b in batch):
        wrong(
            "other_data",
            expected="Each batch holds two tensors, features and labels.",
            found=f"A batch has {len(batch)} parts."
            if isinstance(batch, (list, tuple)) and len(batch) != 2
            else f"A batch is {kind(batch)}.",
            cause="The loader loads something else than the data that were "
            "given, or stacks it in another way.",
        )
    x_batch, y_batch = batch
    if y_batch.ndim == 2 and y_batch.shape[1] == 2 and x_batch.ndim < 3:
        wrong(
            "swapped",
            expected="Features first, then labels.",
            found="The labels came first.",
            cause="Features and labels changed places on their way into the "
            "loader.",
        )
    if x_batch.ndim == 1:
        wrong(
            "batch_size",
            expected="Batches: features of shape [n, 2].",
            found=f"Features of shape {list(x_batch.shape)}: single points.",
            cause="With `batch_size=None` nothing is stacked.",
        )
    if (
        x_batch.ndim != 2
        or x_batch.shape[1] != 2
        or len(y_batch) != len(x_batch)
    ):
        wrong(
            "other_data",
            expected="Features of shape [n, 2], as in the data set that was "
            "given, and n labels.",
            found=f"Shapes {list(x_batch.shape)} and {list(y_batch.shape)}.",
            cause="The loader loads something else, such as the `train_data` "
            "of the page, in place of its argument.",
        )
    if x_batch.dtype != torch.float32 or y_batch.dtype != label_type:
        wrong(
            "other_type",
            expected="Features and labels as they were given, of "
            f"`torch.float32` and `{label_type}`.",
            found=f"`{x_batch.dtype}` and `{y_batch.dtype}`.",
            cause="They were converted on their way into the loader, with "
            "`.float()`, `.double()` or the like.",
        )
    return x_batch, y_batch


def join_words(parts: list[str]) -> str:
    """Join words: "10, 10 and 4"."""
    first = ", ".join(parts[:-1])
    return f"{first} and {parts[-1]}" if first else parts[-1]
