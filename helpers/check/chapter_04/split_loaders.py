"""Exercise 04.3: two loaders from any data set."""

import operator

import torch
from torch.utils.data import DataLoader, Dataset

from helpers.practice.exercises import brief, call, code, exercise, kind
from helpers.practice.probes.loaders import (
    numbered_dataset,
    passes_of,
)
from helpers.practice.verdict import wrong

SPLIT = "chapter 04, the section *Let PyTorch do the split*"


BATCH_SIZE, SEED = 16, 13


@exercise(
    "04.3",
    "Two loaders from any data set",
    minutes=8,
    level="medium",
    look=SPLIT,
)
def split_loaders(make_loaders):
    """Check ``make_loaders(dataset)``, which returns two loaders.

    80 % of the rows are for training and shuffled, the rest for validation
    and not; batches of 16; `random_split` under an own generator, seed 13.
    """
    check_loaders(make_loaders)
    check_any_dataset(make_loaders)
    return "A split that can be repeated, and only the training is shuffled."


def check_loaders(
    make_loaders,
    *,
    n_features: int = 1,
    batch_size: int = BATCH_SIZE,
    fraction: float = 0.8,
    seed: int | None = SEED,
    shown: str = "make_loaders(dataset)",
) -> None:
    """Look at a function that splits a data set and returns two loaders.

    Args:
        make_loaders: takes a data set, returns train_loader, val_loader.
        n_features: how many features the data sets to try it on have.
        batch_size: how many rows a batch should have.
        fraction: how much should be for training.
        seed: of the split by `random_split`; None if it may be any.
        shown: the call as a reader would write it.

    Raises:
        Wrong: see the cases below.
    """
    splits = {}
    for n_rows in (100, 50, 83):
        dataset = numbered_dataset(n_rows, n_features)
        loaders = _call_on(make_loaders, dataset, shown)
        parts = [_rows_of(loader, dataset) for loader in loaders]
        _check_parts(parts, loaders, n_rows, fraction)
        _check_sizes(loaders, batch_size)
        splits[n_rows] = [sorted(rows) for rows in parts]
        _check_random(splits[n_rows], n_rows)
        again = make_loaders(dataset)
        _check_same_split(splits[n_rows], [_rows_of(a) for a in again])
    for n_rows in (100, 50):
        _check_seed(splits[n_rows], n_rows, seed)
    _check_shuffling(*make_loaders(numbered_dataset(100, n_features)))


class _Rows(Dataset):
    """A data set with a length and items, and nothing else."""

    def __init__(self, n_rows: int):
        self._rows = numbered_dataset(n_rows, 1)

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, index):
        try:
            return self._rows[operator.index(index)]
        except TypeError:
            raise TypeError("_Rows gives one row at a time") from None


def check_any_dataset(make_loaders) -> None:
    """Look whether a split also works for what is no `TensorDataset`."""
    try:
        parts = [_rows_of(loader) for loader in make_loaders(_Rows(40))]
    except (AttributeError, TypeError) as error:
        if "_Rows" not in str(error):
            raise
        wrong(
            "one_kind_only",
            expected="Any data set can be split: it has a length and items.",
            found=f"{brief(str(error))}.",
            cause="The function takes the data set apart, as if it were a "
            "`TensorDataset`. `random_split` asks for rows only.",
        )
    if sorted(parts[0] + parts[1]) != list(range(40)) or len(parts[0]) != 32:
        wrong(
            "other_data",
            expected="A data set of 40 rows gives 32 and 8 of them.",
            found=f"It gives {len(parts[0])} and {len(parts[1])}.",
            cause="The split depends on the kind of the data set.",
        )


def _call_on(make_loaders, dataset, shown: str):
    torch.manual_seed(2024)  # as on a page where something was drawn before
    before = torch.get_rng_state()
    n_rows = len(dataset)
    try:
        loaders = call(make_loaders, dataset, shown=shown)
    except ValueError as error:
        if "um of input lengths" not in str(error):
            raise
        wrong(
            "hard_coded" if n_rows == 50 else "lengths_do_not_add_up",
            expected=f"Two parts of a data set of {n_rows} rows.",
            found="`random_split` refuses: the lengths do not add up to "
            f"{n_rows}.",
            cause="Both lengths were rounded down, and a row was left over, or "
            "the fractions do not make 1 together. Give two fractions, or "
            "compute one length and subtract."
            if n_rows != 50
            else "The lengths are written down as numbers, and fit one data "
            "set only. Give fractions, or compute them from `len(dataset)`.",
        )
    is_same = torch.equal(torch.get_rng_state(), before)
    _expect_two_loaders(loaders, shown)
    if not is_same:
        wrong(
            "global_seed",
            expected="The call leaves torch's global random numbers alone.",
            found="It seeded them, or drew from them.",
            cause="`torch.manual_seed` sets the random numbers of the whole "
            "page, and a split without a generator draws from them. Give "
            "`random_split` a generator of its own: "
            "`torch.Generator().manual_seed(...)`.",
        )
    return loaders


def _expect_two_loaders(loaders, shown: str) -> None:
    expected = f"{code(shown)} returns two `DataLoader`s, in a tuple."
    if loaders is None:
        wrong(
            "returns_nothing",
            expected=expected,
            found="It returns `None`.",
            cause="`return train_loader, val_loader` is missing.",
        )
    if not isinstance(loaders, (tuple, list)) or len(loaders) != 2:
        n = f" of {len(loaders)}" if isinstance(loaders, (tuple, list)) else ""
        wrong(
            "no_pair",
            expected=expected,
            found=f"It returns {kind(loaders)}{n}.",
            cause="Return both, and nothing else: "
            "`return train_loader, val_loader`.",
        )
    for loader in loaders:
        if isinstance(loader, DataLoader):
            continue
        is_data = isinstance(loader, Dataset)
        wrong(
            "no_loaders",
            expected=expected,
            found=f"One of them is {kind(loader)}.",
            cause="The parts of the split were returned. Each still needs a "
            "`DataLoader` around it."
            if is_data
            else "`list` or `iter` around a loader makes something that is "
            "shuffled once, or gives its batches once. Return the loader.",
        )


def _rows_of(loader, dataset=None) -> list[int]:
    """Return the row numbers of one pass, in order; check the rows if asked."""
    batches = list(passes_of(loader))
    if dataset is not None:
        _check_contents(batches, dataset)
    return [int(n) for x_batch, _ in batches for n in x_batch[:, 0].tolist()]


def _check_contents(batches, dataset) -> None:
    features, labels = dataset.tensors
    for batch in batches:
        pair = isinstance(batch, (tuple, list)) and len(batch) == 2
        right = pair and all(isinstance(p, torch.Tensor) for p in batch)
        if right:
            x_batch, y_batch = batch
            right = x_batch.ndim == 2 and x_batch.shape[1] == features.shape[1]
        if right:
            numbers = x_batch[:, 0].long()
            right = numbers.min() >= 0 and numbers.max() < len(dataset)
        if not (
            right
            and torch.equal(x_batch, features[numbers])
            and torch.equal(y_batch, labels[numbers])
        ):
            wrong(
                "other_data",
                expected="The loaders give the rows of the data set that was "
                "passed, each with its own label, as they are.",
                found="They give something else.",
                cause="The function uses a data set of the page in place of "
                "its argument, or it changes what is in it.",
            )


def _check_parts(parts, loaders, n_rows: int, fraction: float) -> None:
    """Look at who got how many rows, and whether each row came once."""
    train, val = parts
    sizes = f"{len(train)} and {len(val)}"
    twice = sorted(set(train) & set(val))
    if twice:
        whole = len(twice) == n_rows
        wrong(
            "whole_data_twice" if whole else "overlap",
            expected="No row is in both parts.",
            found="Every row is in both."
            if whole
            else "Some rows are in both.",
            cause="The loaders were given `dataset`, not the parts."
            if whole
            else "The parts were drawn one by one, each from the whole. One "
            "call of `random_split` returns both.",
        )
    _check_nothing_dropped(parts, loaders, n_rows)
    wanted = fraction * n_rows
    if abs(len(train) - wanted) < 1:
        return
    expected = f"Of {n_rows} rows, {wanted:g} for training."
    if abs(len(val) - wanted) < 1:
        wrong(
            "order_swapped",
            expected=f"{expected} The training loader comes first.",
            found=f"{sizes}: the larger part came second.",
            cause="The two loaders were returned in the other order, or the "
            "parts of `random_split` got each other's names.",
        )
    if len(train) - wanted == 1 and float(wanted).is_integer():
        wrong(
            "fraction_off",
            expected=expected,
            found=f"{sizes}.",
            cause="`1 - 0.8` is a hair less than 0.2, as computers have no "
            "exact 0.8. `random_split` rounds down what belongs to it, and a "
            "row goes to the other part. Write `0.2`, or give whole numbers.",
        )
    wrong(
        "sizes",
        expected=expected,
        found=f"{sizes}.",
        cause="The lengths or fractions are others, or they were written down "
        "for one data set only.",
    )


def _check_nothing_dropped(parts, loaders, n_rows: int) -> None:
    rows = [row for part in parts for row in part]
    if sorted(rows) == list(range(n_rows)):
        return
    for part, loader, name in zip(
        parts, loaders, ("training", "validation"), strict=True
    ):
        if len(part) < len(loader.dataset):
            wrong(
                "drop_last",
                expected="In each pass every row of a part comes once.",
                found=f"The {name} loader gives {len(part)} of its "
                f"{len(loader.dataset)} rows.",
                cause="`drop_last=True` leaves out the last batch where it is "
                "not full.",
            )
    wrong(
        "rows_missing",
        expected=f"Together the loaders give all {n_rows} rows, each once.",
        found=f"They give {len(rows)}, {len(set(rows))} of them different.",
        cause="A part was cut, or a row was drawn more than once. One call of "
        "`random_split` deals out every row once.",
    )


def _check_sizes(loaders, batch_size: int) -> None:
    for loader, name in zip(loaders, ("training", "validation"), strict=True):
        sizes = [len(x_batch) for x_batch, _ in loader]
        n = sum(sizes)
        whole, rest = divmod(n, batch_size)
        if sizes == [batch_size] * whole + [rest] * bool(rest):
            continue
        wrong(
            "batch_size",
            expected=f"Batches of {batch_size}, the last one smaller where "
            f"{n} rows do not fill it.",
            found=f"The {name} loader gives batches of {_listed(sizes)}.",
            cause=f"`batch_size={batch_size}` is missing in one of the two "
            "loaders, or is another number.",
        )


def _listed(sizes: list[int]) -> str:
    more = ", ..." if len(sizes) > 6 else ""
    return ", ".join(map(str, sizes[:6])) + more


def _check_random(parts, n_rows: int) -> None:
    train, val = parts
    n_train, n_val = len(train), len(val)
    rows = list(range(n_rows))
    if train in (rows[:n_train], rows[n_val:]):
        wrong(
            "not_random",
            expected="The validation rows are drawn at random.",
            found=f"They are rows {val[0]} to {val[-1]}, one after another.",
            cause="The data set was cut, not split at random. Where its rows "
            "are in some order, such a part is not like the rest. Use "
            "`random_split`.",
        )


def _check_same_split(before, again) -> None:
    if before == [sorted(rows) for rows in again]:
        return
    wrong(
        "unseeded",
        expected="The same call again gives the same split.",
        found="The second call put other rows into validation.",
        cause="The split has no seed, or its generator was made outside of "
        "the function, where it goes on from where it stopped. Make and seed "
        "it inside.",
    )


def _check_seed(parts, n_rows: int, seed: int | None) -> None:
    if seed is None:
        return
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(n_rows, generator=generator).tolist()
    if parts[0] == sorted(order[: len(parts[0])]):
        return
    wrong(
        "other_seed",
        expected=f"The split that `random_split` makes with the seed {seed}, "
        "training part first.",
        found="Another one, the same in each call.",
        cause="The seed is another number, the generator was used for "
        "something else before the split, or the smaller part was asked for "
        "first.",
    )


def _check_shuffling(train_loader, val_loader) -> None:
    first, second, third = (_rows_of(train_loader) for _ in range(3))
    batches = [sorted(rows[:10]) for rows in (first, second, third)]
    if first == second or second == third or batches[0] == batches[1]:
        wrong(
            "train_not_shuffled",
            expected="The training loader gives its rows in a new order in "
            "each pass.",
            found="Two passes gave the same order.",
            cause="`shuffle=True` is missing. That the split was random does "
            "not help: it is drawn once, the order in each epoch.",
        )
    if _rows_of(val_loader) != _rows_of(val_loader):
        wrong(
            "val_shuffled",
            expected="The validation loader gives its rows in one order.",
            found="Two passes gave two orders.",
            cause="`shuffle=True` stands in both loaders. Nothing is updated "
            "in validation, so the order is of no use there.",
        )
