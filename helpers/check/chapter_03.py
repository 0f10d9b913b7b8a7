"""Checkers of chapter 03: loaders."""

import itertools

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from helpers.practice.exercise import brief, call, exercise, kind
from helpers.practice.probe_loaders import passes_of
from helpers.practice.verdict import wrong

LOADER = "chapter 03, the section *A loader*"
ARGUMENTS = "chapter 03, the section *The arguments that matter*"


def _expect_loader(made, dataset=None) -> None:
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


def _read_pass(
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


# ------------------------------------------------------------ a plain loader

BATCH_SIZE, SEED = 10, 13


@exercise("03.1", "A loader of tens", minutes=4, level="easy", look=LOADER)
def loader(make_loader):
    """Check ``make_loader(dataset)``, which returns a `DataLoader`.

    Batches of ten, a new order each pass, from a generator of its own with
    seed 13; a last batch that is not full is kept.
    """
    dataset = _points(34)
    start = torch.get_rng_state()
    made = call(make_loader, dataset, shown="make_loader(dataset)")
    _expect_loader(made, dataset)
    _check_building(made, start)
    start = torch.get_rng_state()
    orders = []
    for _ in range(3):
        rows, sizes = _read_pass(made, 34, _is_point)
        _check_sizes(sizes, 34)
        _check_rows(rows, 34)
        orders.append(rows)
    _check_shuffled(orders)
    if not torch.equal(torch.get_rng_state(), start):
        wrong(
            "no_generator",
            expected="A pass leaves torch's global random state alone.",
            found="It moved.",
            cause="The loader has no generator of its own, so it draws from "
            "the global one, and whatever else draws there changes the order "
            "of the batches. `generator=` belongs to the loader, also where a "
            "sampler has one.",
        )
    _check_again(make_loader, made, dataset, orders)
    _check_seed(made, dataset, orders)
    for n in (20, 7):
        rows, sizes = _read_pass(make_loader(_points(n)), n, _is_point)
        _check_sizes(sizes, n)
        _check_rows(rows, n)
    return (
        "Its order comes from its own generator: the same when the page runs "
        "again, another one every epoch."
    )


def _points(n: int) -> TensorDataset:
    """Make features [n, 2] that tell the row, and labels [n, 1]."""
    row = torch.arange(float(n)).reshape(-1, 1)
    return TensorDataset(torch.cat([row, row + 100], dim=1), row + 1000)


def _is_point(row: int, x: list, y) -> bool:
    return x == [row, row + 100.0] and y == [row + 1000.0]


def _check_building(made, start) -> None:
    """Look at the global random state after the loader was built."""
    is_global = any(g is torch.default_generator for g in _generators(made))
    if is_global:
        wrong(
            "global_generator",
            expected="A generator that belongs to the loader alone.",
            found="The loader holds torch's global one.",
            cause="`torch.manual_seed(13)` seeds the global generator and "
            "returns it. `torch.Generator().manual_seed(13)` makes a new one.",
        )
    if not torch.equal(torch.get_rng_state(), start):
        wrong(
            "global_seed",
            expected="Building a loader leaves torch's global random state "
            "alone.",
            found="It was moved or set.",
            cause="`torch.manual_seed` sets the state for all that draws, and "
            "a number drawn while building moves it. Seed a generator of the "
            "loader's own: `torch.Generator().manual_seed(13)`.",
        )


def _generators(made) -> list[torch.Generator]:
    """Return the generators that a loader and its samplers hold."""
    batches = made.batch_sampler
    holders = [made.sampler, batches, getattr(batches, "sampler", None)]
    found = [made.generator]
    for holder in holders:
        found += getattr(holder, "__dict__", {}).values()
    return [g for g in found if isinstance(g, torch.Generator)]


def _check_sizes(sizes: list[int], n: int) -> None:
    full, rest = divmod(n, BATCH_SIZE)
    asked = [BATCH_SIZE] * full + [rest] * (rest > 0)
    if sizes == asked:
        return
    expected = f"{n} points come in batches of {_listed(asked)}."
    if sizes == asked[:full]:
        wrong(
            "drops_last",
            expected=expected,
            found=f"Batches of {_listed(sizes)}."
            if sizes
            else "No batch at all.",
            cause="`drop_last=True` leaves out the batch that is not full.",
            look=ARGUMENTS,
        )
    if not sizes:
        wrong(
            "empty_pass",
            expected=expected,
            found="A pass without a batch.",
            cause="Something in the loader can be run through only once, such "
            "as an iterator as sampler.",
        )
    wrong(
        "batch_size",
        expected=expected,
        found=f"Batches of {_listed(sizes)}.",
        cause="`batch_size=10` is missing, or another number. Without it, a "
        "batch has a single point."
        if sum(sizes) == n
        else "Not every point comes once. Does the loader get the whole data "
        "set, and no sampler that takes more or fewer?",
    )


def _listed(sizes: list[int]) -> str:
    if len(sizes) > 6:
        return ", ".join(map(str, sizes[:6])) + " and so on"
    return _and([str(size) for size in sizes])


def _and(parts: list[str]) -> str:
    """Join words: "10, 10 and 4"."""
    first = ", ".join(parts[:-1])
    return f"{first} and {parts[-1]}" if first else parts[-1]


def _check_rows(rows: list[int], n: int) -> None:
    if sorted(rows) == list(range(n)):
        return
    wrong(
        "not_every_point",
        expected=f"Each of the {n} points comes once in a pass.",
        found=f"{len(set(rows))} of them came, some more than once.",
        cause="The points are drawn *with replacement*, or from a part of the "
        "data set. `shuffle=True` draws each point once.",
    )


def _check_shuffled(orders: list[list[int]]) -> None:
    if orders[0] == sorted(orders[0]):
        wrong(
            "not_shuffled",
            expected="The points come in a shuffled order.",
            found="They come as they lie: 0, 1, 2 and so on.",
            cause="`shuffle=True` is missing. The default is `False`.",
        )
    if orders[0] == orders[1] or orders[1] == orders[2]:
        wrong(
            "same_order",
            expected="Each pass has a new order.",
            found="Two passes had the same.",
            cause="The points were shuffled once, before the loader got them, "
            "or the generator is seeded again for each pass. "
            "`shuffle=True` deals anew each time.",
        )


def _check_again(make_loader, made, dataset, orders) -> None:
    """Build a second loader; it has to begin where the first began."""
    torch.manual_seed(99)  # what others draw must not matter
    again = make_loader(dataset)
    _expect_loader(again, dataset)
    second = [_read_pass(again, 34, _is_point)[0] for _ in range(3)]
    if second == orders:
        return
    known = {id(generator) for generator in _generators(made)}
    if again is made or any(id(g) in known for g in _generators(again)):
        wrong(
            "shared_generator",
            expected="A second call of `make_loader` gives a loader that "
            "begins anew, with the same first order.",
            found="It goes on where the first loader stopped.",
            cause="Both have one and the same generator, made outside of the "
            "function. Make it inside, one for each loader.",
        )
    wrong(
        "not_seeded",
        expected="A second call of `make_loader` gives a loader with the same "
        "orders.",
        found="Its orders are others.",
        cause="The generator is not seeded with a number, or something else "
        "in the order comes from the global random state.",
    )


def _check_seed(made, dataset, orders) -> None:
    if any(g.initial_seed() == SEED for g in _generators(made)):
        return
    reference = DataLoader(
        dataset,
        BATCH_SIZE,
        shuffle=True,
        generator=torch.Generator().manual_seed(SEED),
    )
    if [_read_pass(reference, 34, _is_point)[0] for _ in range(3)] == orders:
        return
    seeds = [g.initial_seed() for g in _generators(made)]
    known = [seed for seed in seeds if seed < 10**6]
    wrong(
        "other_seed",
        expected="The loader's generator is seeded with 13.",
        found=f"Its seed is {known[0]}." if known else "It is not.",
        cause="Another number was given."
        if known
        else "`torch.Generator()` alone has a seed of its own. "
        "`torch.Generator().manual_seed(13)` returns the seeded generator.",
    )


# --------------------------------------------------------- counting updates

# points, batch size, drop_last, epochs
CASES = (
    (80, 16, False, 1),
    (80, 32, False, 10),
    (80, 32, True, 10),
    (100, 16, False, 3),
    (100, 16, True, 3),
    (96, 32, True, 7),
    (96, 32, False, 7),
    (33, 32, False, 4),
    (63, 32, False, 4),
    (63, 32, True, 5),
    (5, 16, False, 6),
    (5, 16, True, 6),
    (80, 80, False, 2),
    (80, 1, True, 2),
    (1797, 64, False, 12),
    (1797, 64, True, 12),
    (10, 3, False, 0),
)


def _count(n_points, batch_size, drop_last, n_epochs) -> int:
    full, rest = divmod(n_points, batch_size)
    return n_epochs * (full + (rest > 0 and not drop_last))


@exercise("03.2", "How many updates", minutes=5, level="easy", look=ARGUMENTS)
def updates(count_updates):
    """Check ``count_updates(n_points, batch_size, drop_last, n_epochs)``."""
    found = []
    for case in CASES:
        shown = _call_of(case)
        value = call(count_updates, *case, shown=shown)
        _expect_whole(value, case)
        found.append(int(value))
    wanted = [_count(*case) for case in CASES]
    if found == wanted:
        return "Every batch is one update, in each epoch anew."
    place = next(i for i, v in enumerate(wanted) if found[i] != v)
    expected = f"`{_call_of(CASES[place])}` is {wanted[place]}."
    for name, (formula, seen, cause) in MISCOUNTS.items():
        if found == [formula(*case) for case in CASES]:
            wrong(
                name,
                expected=expected,
                found=f"{found[place]}: {seen}.",
                cause=cause,
            )
    wrong(
        "other_count",
        expected=expected,
        found=f"{brief(found[place])}.",
        cause="Count the batches of one epoch first: the full ones, and one "
        "more if points are left over and `drop_last` is false. Then multiply "
        "by the epochs.",
    )


def _call_of(case: tuple) -> str:
    return f"count_updates({', '.join(map(str, case))})"


def _expect_whole(value, case: tuple) -> None:
    shown = f"`{_call_of(case)}`"
    if value is None:
        wrong(
            "returns_nothing",
            expected=f"{shown} gives a number.",
            found="`None`.",
            cause="`return` is missing, or stands in one branch only.",
        )
    is_whole = isinstance(value, (int, np.integer))
    if isinstance(value, bool) or not is_whole:
        wrong(
            "no_int",
            expected=f"{shown} gives an `int`: updates are counted.",
            found=f"{kind(value)[:1].upper()}{kind(value)[1:]}.",
            cause="`/` gives a float, even where it comes out even. `//` "
            "divides whole numbers and drops the rest."
            if isinstance(value, (float, np.floating))
            else "More than the number is returned, or in another form.",
        )


MISCOUNTS = {
    "never_the_rest": (
        lambda n, b, drop, e: e * (n // b),
        "the last batch is never counted",
        "`//` drops the rest. Unless `drop_last` is true, the points that are "
        "left over make one more batch, and that is an update too.",
    ),
    "always_the_rest": (
        lambda n, b, drop, e: e * -(-n // b),
        "the last batch is always counted",
        "`drop_last` is not used. If it is true, a batch that is not full "
        "does not come.",
    ),
    "swapped": (
        lambda n, b, drop, e: _count(n, b, not drop, e),
        "that is the number for the other `drop_last`",
        "The two branches changed places: `drop_last=True` leaves the rest "
        "out.",
    ),
    "one_too_many": (
        lambda n, b, drop, e: e * (n // b + (not drop)),
        "one update too many in each epoch",
        "One was added without asking whether points are left over. Where the "
        "batch size divides the points, there is no further batch.",
    ),
    "over_the_epochs": (
        lambda n, b, drop, e: n * e // b if drop else -(-n * e // b),
        "the points of all epochs were cut into batches together",
        "Each epoch starts with a new batch, and its last one is not filled "
        "up from the next epoch. Count one epoch, then multiply.",
    ),
    "one_epoch": (
        lambda n, b, drop, e: _count(n, b, drop, 1),
        "that is one epoch",
        "`n_epochs` is not used.",
    ),
    "counts_points": (
        lambda n, b, drop, e: n * e,
        "that is the number of points seen",
        "One update takes a whole batch.",
    ),
    "one_too_few": (
        lambda n, b, drop, e: e * (-(-n // b) - drop),
        "one update too few in each epoch",
        "With `drop_last` one was taken away without asking whether points are "
        "left over. Where the batch size divides the points, the last batch is "
        "full and stays.",
    ),
    "rest_once": (
        lambda n, b, drop, e: e * (n // b) + (n % b > 0 and not drop),
        "the batch that is not full was counted once",
        "It comes in each epoch. Brackets are missing: first add it to the "
        "full batches, then multiply by the epochs.",
    ),
    "adds_points": (
        lambda n, b, drop, e: e * (n // b + (0 if drop else n % b)),
        "the points that are left over were added",
        "`%` says how many points are left over. Together they make one more "
        "batch.",
    ),
    "rounds": (
        lambda n, b, drop, e: e * (n // b if drop else round(n / b)),
        "the number of batches was rounded",
        "`round` drops a rest that is smaller than half a batch. Any rest is "
        "a batch: `math.ceil` rounds up.",
    ),
}


# ----------------------------------------------------------- balanced classes

COUNTS = (2160, 630, 210)  # of the classes 0, 1 and 2
N_PASSES = 4
TOLERANCE = 0.03  # of a share; over four standard deviations of chance


@exercise(
    "03.3",
    "Every class as often",
    minutes=10,
    level="medium",
    look=ARGUMENTS,
)
def balanced(make_balanced_loader):
    """Check ``make_balanced_loader(features, labels, batch_size)``.

    It returns a loader whose passes have as many points as there are labels,
    drawn so that every class comes equally often.
    """
    for counts, batch_size in ((COUNTS, 50), ((1200, 300), 64)):
        torch.manual_seed(0)  # a loader may draw from the global state
        features, labels = _classes(counts)
        before = features.clone(), labels.clone()
        made = _build_balanced(
            make_balanced_loader, features, labels, batch_size
        )
        _expect_loader(made)
        if not (
            torch.equal(features, before[0]) and torch.equal(labels, before[1])
        ):
            wrong(
                "in_place",
                expected="Features and labels stay as they are.",
                found="Numbers in them changed.",
                cause="Something was computed in place. Make new tensors.",
            )
        _check_balance(made, labels, counts, batch_size)
    return (
        "The weight of a point is one over the size of its class, so that all "
        "classes weigh the same together."
    )


def _classes(counts: tuple) -> tuple[torch.Tensor, torch.Tensor]:
    """Make features [N, 2] that tell the row, and labels [N], shuffled."""
    labels = torch.cat([torch.full((n,), c) for c, n in enumerate(counts)])
    numbers = torch.Generator().manual_seed(7)
    labels = labels[torch.randperm(len(labels), generator=numbers)]
    row = torch.arange(float(len(labels)))
    return torch.stack([row, labels + 0.5], dim=1), labels


def _build_balanced(make, features, labels, batch_size: int):
    shown = "make_balanced_loader(features, labels, batch_size)"
    try:
        return call(make, features, labels, batch_size, shown=shown)
    except ValueError as error:
        if "mutually exclusive" not in str(error):
            raise
    wrong(
        "sampler_and_shuffle",
        expected="A loader with a sampler.",
        found="`ValueError`: the loader got a sampler and `shuffle=True`, or "
        "`batch_size` and a sampler of whole batches.",
        cause="The sampler already decides the order. Give it, and leave "
        "`shuffle` out.",
    )


def _check_balance(made, labels, counts, batch_size: int) -> None:
    n = sum(counts)
    _expect_weights(made, labels)

    label_of = labels.tolist()

    def is_point(row, x, y):
        return 0 <= row < n and y == label_of[row] == x[1] - 0.5

    passes = []
    for _ in range(N_PASSES):
        rows, sizes = _read_pass(made, n, is_point, torch.int64)
        _check_pass(rows, sizes, n, batch_size)
        passes.append(rows)
    drawn = torch.tensor(passes).flatten()
    shares = torch.bincount(labels[drawn], minlength=len(counts)) / len(drawn)
    if (shares - 1 / len(counts)).abs().max() > TOLERANCE:
        _diagnose_shares(shares.tolist(), counts, made)
    if sorted(passes[0]) == sorted(passes[1]):
        wrong(
            "drawn_once",
            expected="Each pass draws anew.",
            found="Two passes had the same points, each as often.",
            cause="The points were drawn once, before the loader got them. "
            "A sampler draws in each pass.",
        )
    _check_variety(drawn, labels, counts)


def _expect_weights(made, labels) -> None:
    """Say so if there is one weight for each class, not for each point."""
    sampler = made.sampler
    if isinstance(sampler, torch.Tensor) and sampler.is_floating_point():
        wrong(
            "weights_as_sampler",
            expected="A sampler, which gives row numbers.",
            found="The weights themselves stand in its place.",
            cause="`WeightedRandomSampler(weights, len(labels))` makes a "
            "sampler of weights.",
        )
    if not isinstance(sampler, WeightedRandomSampler):
        return
    n_weights, n = len(sampler.weights), len(labels)
    if n_weights != n:
        wrong(
            "weights_per_class",
            expected=f"One weight for each of the {n} points.",
            found=f"{n_weights} weights.",
            cause="With a weight for each class, the sampler knows only as "
            "many points as there are classes. Look the weight of each point "
            "up by its label: `class_weights[labels]`.",
        )


def _check_pass(rows, sizes, n: int, batch_size: int) -> None:
    if sizes and sizes[0] != batch_size and len(rows) >= batch_size:
        wrong(
            "batch_size",
            expected=f"Batches of {batch_size}.",
            found=f"Batches of {sizes[0]}.",
            cause="The argument `batch_size` goes to the loader.",
        )
    if len(rows) == n:
        return
    number = f"{len(rows)}" if len(rows) < 4 * n else "many times as many"
    wrong(
        "wrong_length",
        expected=f"A pass has as many points as there are labels, {n}.",
        found=f"It has {number}.",
        cause="The second argument of the sampler is how many points it "
        "draws in a pass: `len(labels)`. Or a last batch was dropped, or "
        "points of a class were left out or repeated by hand.",
    )


def _diagnose_shares(shares, counts, made) -> None:
    n = sum(counts)
    expected = f"Each of the {len(counts)} classes has a share of "
    expected += f"{1 / len(counts):.2f} in what is drawn."
    found = f"The shares are {_and([f'{s:.1f}' for s in shares])}, in "
    found += "the order of the classes."
    as_before = _near(shares, [count / n for count in counts])
    sampler = made.sampler
    if isinstance(sampler, WeightedRandomSampler) and not sampler.replacement:
        wrong(
            "no_replacement",
            expected=expected,
            found=f"{found} Each point came once.",
            cause="With `replacement=False` no point comes twice, so a pass "
            "takes every point once, whatever the weights are. A rare class "
            "can only come more often if its points come again.",
        )
    if as_before:
        wrong(
            "not_balanced",
            expected=expected,
            found=f"{found} That is how often they occur.",
            cause="There is no sampler, or all points have nearly the same "
            "weight. Rare points need larger ones.",
        )
    if _near(shares, [count**2 for count in counts]):
        wrong(
            "not_inverted",
            expected=expected,
            found=f"{found} The frequent class came even more often.",
            cause="The weight is the size of the class. It has to be one over "
            "that size: the rarer, the heavier.",
        )
    ninefold = [count * (1 + 8 * (c == 1)) for c, count in enumerate(counts)]
    if _near(shares, ninefold):
        wrong(
            "numbers_of_the_page",
            expected=expected,
            found=found,
            cause="The weights are 9 for class 1 and 1 for all others, those "
            "of the example. They fit one set of labels. Count them: "
            "`torch.bincount(labels)`.",
        )
    wrong(
        "other_weights",
        expected=expected,
        found=found,
        cause="All points of a class together should weigh as much as those "
        "of any other: the weight of a point is one over the size of its "
        "class.",
    )


def _near(shares, weights) -> bool:
    total = sum(weights)
    return all(
        abs(share - weight / total) < TOLERANCE
        for share, weight in zip(shares, weights, strict=True)
    )


def _check_variety(drawn, labels, counts) -> None:
    """See that within a class every point has its chance."""
    for c, count in enumerate(counts):
        of_class = drawn[labels[drawn] == c]
        times = len(of_class) / count
        enough = 0.9 * count * (1 - np.exp(-times))
        middle = (labels == c).nonzero().flatten()[count // 2]
        front = (of_class < middle).double().mean().item()
        if len(of_class.unique()) > enough and abs(front - 0.5) < 0.06:
            continue
        wrong(
            "uneven_points",
            expected=f"Every point of class {c} has the same chance.",
            found=f"Some of the {count} points came far more often than "
            "others.",
            cause="The points of a class have different weights, or only "
            "some of them were taken.",
        )
