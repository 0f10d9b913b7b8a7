"""Answers to the exercises of chapter 03."""

import functools
import itertools
import math

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from tests.answers.common import Answers

# ------------------------------------------------------------------- 03.1


def seeded(seed=13):
    return torch.Generator().manual_seed(seed)


def loader(**changes):
    """Build a make_loader that differs from the right one in some arguments."""

    def make(dataset):
        named = {"batch_size": 10, "shuffle": True, "generator": seeded()}
        named |= changes
        return DataLoader(
            dataset, **{k: v for k, v in named.items() if v != "none"}
        )

    return make


def in_two_lines(dataset):
    generator = torch.Generator()
    generator.manual_seed(13)
    return DataLoader(
        dataset, 10, True, drop_last=False, num_workers=0, generator=generator
    )


def with_sampler(dataset):
    generator = seeded()
    sampler = RandomSampler(dataset, generator=generator)
    return DataLoader(dataset, 10, sampler=sampler, generator=generator)


def with_batch_sampler(dataset):
    sampler = RandomSampler(dataset, generator=seeded())
    batches = BatchSampler(sampler, batch_size=10, drop_last=False)
    return DataLoader(dataset, batch_sampler=batches, generator=seeded())


class Shuffled:
    """A sampler written by hand."""

    def __init__(self, n):
        self.n, self.generator = n, seeded()

    def __iter__(self):
        order = torch.randperm(self.n, generator=self.generator)
        return iter(order.tolist())

    def __len__(self):
        return self.n


def by_hand(dataset):
    return DataLoader(
        dataset, 10, sampler=Shuffled(len(dataset)), generator=seeded()
    )


def shuffled_once(dataset):
    order = torch.randperm(len(dataset), generator=seeded()).tolist()
    return DataLoader(dataset, batch_size=10, sampler=order, generator=seeded())


class SameEachTime(Shuffled):
    def __iter__(self):
        return iter(torch.randperm(self.n, generator=seeded()).tolist())


def seeds_globally(dataset):
    torch.manual_seed(13)
    return DataLoader(dataset, batch_size=10, shuffle=True)


def sampler_without_generator(dataset):
    sampler = RandomSampler(dataset, generator=seeded())
    return DataLoader(dataset, batch_size=10, sampler=sampler)


def never_seeded(dataset):
    generator = torch.Generator()
    generator.seed()
    return DataLoader(dataset, 10, shuffle=True, generator=generator)


def sampler_with_replacement(dataset):
    generator = seeded()
    sampler = RandomSampler(dataset, replacement=True, generator=generator)
    return DataLoader(dataset, 10, sampler=sampler, generator=generator)


page_generator = torch.Generator().manual_seed(13)
page_data = TensorDataset(torch.rand(34, 1), torch.rand(34, 1))
page_points = TensorDataset(torch.rand(34, 2), torch.rand(34, 1))
kept = {}


def seeds_the_one_of_the_page(dataset):
    page_generator.manual_seed(13)
    return DataLoader(dataset, 10, shuffle=True, generator=page_generator)


class SeedsEachPass(DataLoader):
    def __iter__(self):
        self.generator.manual_seed(13)
        return super().__iter__()


def same_loader(dataset):
    if len(dataset) not in kept:
        kept[len(dataset)] = loader()(dataset)
    return kept[len(dataset)]


def peeks(dataset):
    made = DataLoader(dataset, batch_size=10, shuffle=True)
    next(iter(made))
    return made


def forgets(dataset):
    made = loader()(dataset)


def batches_of(dataset):
    yield from loader()(dataset)


def endless_batches(dataset):
    class Endless(Dataset):
        def __len__(self):
            return 10**9

        def __getitem__(self, index):
            return dataset[index % len(dataset)]

    return DataLoader(Endless(), batch_size=10, generator=seeded())


def one_pass(dataset):
    order = iter(torch.randperm(len(dataset), generator=seeded()).tolist())
    return DataLoader(dataset, batch_size=10, sampler=order, generator=seeded())


LOADER = Answers(
    right={
        "course": loader(),
        "two lines": in_two_lines,
        "sampler": with_sampler,
        "batch sampler": with_batch_sampler,
        "sampler by hand": by_hand,
        "lambda": lambda d: DataLoader(d, 10, shuffle=True, generator=seeded()),
        "pinned": loader(pin_memory=False, timeout=0),
        "subclass": lambda d: type("Mine", (DataLoader,), {})(
            d, 10, True, generator=seeded()
        ),
        "worker process": loader(num_workers=1),
        "subset sampler": lambda d: DataLoader(
            d,
            10,
            sampler=SubsetRandomSampler(range(len(d)), generator=seeded()),
            generator=seeded(),
        ),
        "workers that stay": loader(num_workers=1, persistent_workers=True),
        "list of rows": lambda d: loader()([d[row] for row in range(len(d))]),
        "collate": loader(
            collate_fn=lambda rows: tuple(map(torch.stack, zip(*rows)))
        ),
        "state": lambda d: DataLoader(
            d,
            10,
            shuffle=True,
            generator=(lambda g: (g.set_state(seeded().get_state()), g)[1])(
                torch.Generator()
            ),
        ),
    },
    wrong={
        "not_shuffled": loader(shuffle=False),
        "batch_size": loader(batch_size=16),
        "batch_size of one": loader(batch_size="none"),
        "batch_size of none": loader(batch_size=None),
        "batch_size half the points": lambda d: loader()(
            Subset(d, range(len(d) // 2))
        ),
        "batch_size endless": endless_batches,
        "batch_size of full batches only": lambda d: loader()(
            Subset(d, range(len(d) // 10 * 10))
        ),
        "batch_size a number of samples": lambda d: DataLoader(
            d,
            10,
            sampler=RandomSampler(d, num_samples=34, generator=seeded()),
            generator=seeded(),
        ),
        "drops_last": loader(drop_last=True),
        "no_generator": loader(generator=None),
        "no_generator for the loader": sampler_without_generator,
        "global_seed": seeds_globally,
        "global_seed peeks": peeks,
        "global_generator": lambda d: DataLoader(
            d, 10, shuffle=True, generator=torch.manual_seed(13)
        ),
        "other_seed": lambda d: loader(generator=seeded(42))(d),
        "other_seed the default": lambda d: DataLoader(
            d, 10, shuffle=True, generator=torch.Generator()
        ),
        "not_seeded": never_seeded,
        "shared_generator": lambda d: DataLoader(
            d, 10, shuffle=True, generator=page_generator
        ),
        "shared_generator but seeded": seeds_the_one_of_the_page,
        "uses_page_objects": same_loader,
        "same_order": shuffled_once,
        "same_order seeded each time": lambda d: DataLoader(
            d, 10, sampler=SameEachTime(len(d)), generator=seeded()
        ),
        "same_order seeded by the loader": lambda d: SeedsEachPass(
            d, 10, shuffle=True, generator=seeded()
        ),
        "not_every_point": sampler_with_replacement,
        "empty_pass": one_pass,
        "pass_fails": lambda d: DataLoader(d, 10, shuffle=True, generator=13),
        "pass_fails as brackets are missing": lambda d: DataLoader(
            d, 10, shuffle=True, generator=torch.Generator
        ),
        "more_than_one": lambda d: (loader()(d), seeded()),
        "swapped": lambda d: loader()(TensorDataset(*d.tensors[::-1])),
        "other_type": lambda d: loader()(
            TensorDataset(*(part.double() for part in d.tensors))
        ),
        "a_list": lambda d: list(loader()(d)),
        "a_pass": lambda d: iter(loader()(d)),
        "a_pass a generator": batches_of,
        "the_dataset": lambda d: d,
        "no_loader": lambda d: RandomSampler(d, generator=seeded()),
        "no_loader but one batch": lambda d: next(iter(loader()(d)))[0],
        "one_batch": lambda d: next(iter(loader()(d))),
        "other_data": lambda d: loader()(page_data),
        "other_data in a dictionary": loader(
            collate_fn=lambda rows: dict(
                zip(("x", "y"), map(torch.stack, zip(*rows)), strict=True)
            )
        ),
        "other_data of that shape": lambda d: loader()(page_points),
        "returns_nothing": forgets,
        "not_callable": loader()(page_data),
        "signature": lambda: loader()(page_data),
        "raises": lambda d: DataLoader(d, batchsize=10),
    },
)

# ------------------------------------------------------------------- 03.2


def count(n_points, batch_size, drop_last, n_epochs):
    n_batches = n_points // batch_size
    if not drop_last and n_points % batch_size > 0:
        n_batches += 1
    return n_batches * n_epochs


def count_by_loader(n_points, batch_size, drop_last, n_epochs):
    loader = DataLoader(range(n_points), batch_size, drop_last=drop_last)
    return n_epochs * len(loader)


def count_by_loop(n_points, batch_size, drop_last, n_epochs):
    updates = 0
    for _ in range(n_epochs):
        left = n_points
        while left >= batch_size or (left > 0 and not drop_last):
            left -= batch_size
            updates += 1
    return updates


class Counter:
    def __call__(self, n, b, drop, e):
        full, rest = divmod(n, b)
        return e * (full + int(rest > 0 and not drop))


def count_some(n_points, batch_size, drop_last, n_epochs):
    if drop_last:
        return n_points // batch_size * n_epochs


UPDATES = Answers(
    right={
        "course": count,
        "loader": count_by_loader,
        "loop": count_by_loop,
        "class": Counter(),
        "ceil": lambda n, b, drop, e: (
            e * (math.floor if drop else math.ceil)(n / b)
        ),
        "minus minus": lambda n, b, drop, e: (
            n // b * e if drop else -(-n // b) * e
        ),
        "numpy": lambda n, b, drop, e: (
            np.int64((n if drop else n + b - 1) // b) * e
        ),
        "partial": functools.partial(count),
        "range": lambda n, b, drop, e: (
            e * len(range(0, n - (b - 1 if drop else 0), b))
        ),
        "truth as number": lambda n, b, drop, e: (
            e * (n // b + (n % b > 0) * (1 - drop))
        ),
    },
    wrong={
        "never_the_rest": lambda n, b, drop, e: e * (n // b),
        "always_the_rest": lambda n, b, drop, e: e * math.ceil(n / b),
        "swapped": lambda n, b, drop, e: count(n, b, not drop, e),
        "one_too_many": lambda n, b, drop, e: e * (n // b + (0 if drop else 1)),
        "over_the_epochs": lambda n, b, drop, e: (
            n * e // b if drop else math.ceil(n * e / b)
        ),
        "over_the_epochs always up": lambda n, b, drop, e: math.ceil(n * e / b),
        "over_the_epochs always down": lambda n, b, drop, e: n * e // b,
        "one_too_many always": lambda n, b, drop, e: e * (n // b + 1),
        "rest_once always": lambda n, b, drop, e: (
            n // b * e + (0 if drop else 1)
        ),
        "never_the_rest int": lambda n, b, drop, e: int(n / b) * e,
        "one_epoch": lambda n, b, drop, e: count(n, b, drop, 1),
        "counts_points": lambda n, b, drop, e: n * e,
        "rounds": lambda n, b, drop, e: e * (n // b if drop else round(n / b)),
        "one_too_few": lambda n, b, drop, e: e * (math.ceil(n / b) - drop),
        "rest_once": lambda n, b, drop, e: (
            e * (n // b) + (n % b > 0 and not drop)
        ),
        "adds_points": lambda n, b, drop, e: (
            e * (n // b if drop else n // b + n % b)
        ),
        "no_int": lambda n, b, drop, e: n / b * e,
        "no_int but a ceiling": lambda n, b, drop, e: float(
            count(n, b, drop, e)
        ),
        "no_int but an array": lambda n, b, drop, e: (
            (np.floor(n / b) if drop else np.ceil(n / b)) * e
        ),
        "no_int but a truth": lambda n, b, drop, e: n % b == 0,
        "returns_nothing": lambda n, b, drop, e: print(count(n, b, drop, e)),
        "returns_nothing sometimes": count_some,
        "other_count": lambda n, b, drop, e: count(n, b, drop, e) + 1,
        "other_count huge": lambda n, b, drop, e: n**b * e,
        "no_int but a tensor": lambda n, b, drop, e: torch.tensor(
            count(n, b, drop, e)
        ),
        "other_count at least one": lambda n, b, drop, e: (
            e * max(1, n // b) if drop else e * math.ceil(n / b)
        ),
        "signature": lambda n, b, e: e * (n // b),
        "raises": lambda n, b, drop, e: e * (n // bs),  # noqa: F821
        "not_callable": 50,
    },
)

# ------------------------------------------------------------------- 03.3


def balanced(
    weigh=lambda labels: 1 / torch.bincount(labels)[labels],
    n=len,
    replacement=True,
    loader=DataLoader,
    data=TensorDataset,
    **named,
):
    """Build a make_balanced_loader out of its parts."""

    def make(features, labels, batch_size):
        sampler = WeightedRandomSampler(
            weigh(labels), n(labels), replacement=replacement
        )
        return loader(
            data(features, labels),
            batch_size=batch_size,
            sampler=sampler,
            **named,
        )

    return make


def with_loop(features, labels, batch_size):
    counts = {}
    for label in labels.tolist():
        counts[label] = counts.get(label, 0) + 1
    weights = [1 / counts[label] for label in labels.tolist()]
    return DataLoader(
        list(zip(features, labels)),
        batch_size,
        sampler=WeightedRandomSampler(weights, len(labels), generator=seeded()),
        generator=seeded(),
    )


def in_place_weights(labels):
    counts = torch.bincount(labels).double()
    weights = torch.ones(len(labels), dtype=torch.float64)
    weights.div_(counts[labels]).mul_(len(labels))
    return weights


class ByHand:
    """First a class, then one of its points."""

    def __init__(self, labels):
        self.rows = [(labels == c).nonzero().flatten() for c in labels.unique()]
        self.n = len(labels)

    def __iter__(self):
        for i in range(self.n):
            rows = self.rows[i % len(self.rows)]
            yield rows[torch.randint(len(rows), (1,))].item()

    def __len__(self):
        return self.n


def hand_sampler(features, labels, batch_size):
    data = TensorDataset(features, labels)
    return DataLoader(data, batch_size, sampler=ByHand(labels))


class Builder:
    def __call__(self, features, labels, batch_size):
        return balanced()(features, labels, batch_size)


def drawn_before(features, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    rows = torch.multinomial(weights, len(labels), replacement=True)
    return DataLoader(
        TensorDataset(features[rows], labels[rows]), batch_size, shuffle=True
    )


def plain_shuffle(features, labels, batch_size):
    data = TensorDataset(features, labels)
    return DataLoader(data, batch_size=batch_size, shuffle=True)


def as_page(labels):
    return torch.where(labels == 1, 9.0, 1.0)


def first_of_class(labels):
    weights = torch.zeros(len(labels))
    for c in labels.unique():
        weights[(labels == c).nonzero()[:20]] = 1.0
    return weights


def shifts_labels(features, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    labels += 1
    return DataLoader(
        TensorDataset(features, labels),
        batch_size,
        sampler=WeightedRandomSampler(weights, len(labels)),
    )


def mixed_up(features, labels, batch_size):
    order = torch.randperm(len(labels), generator=seeded())
    return balanced()(features[order], labels, batch_size)


def returns_sampler(features, labels, batch_size):
    return WeightedRandomSampler(1 / torch.bincount(labels)[labels], 10)


class DrawsTheSame(ByHand):
    def __iter__(self):
        weights = torch.ones(self.n)
        for rows in self.rows:
            weights[rows] = 1 / len(rows)
        return iter(
            torch.multinomial(
                weights, self.n, True, generator=seeded()
            ).tolist()
        )


def oversampled(features, labels, batch_size):
    counts = torch.bincount(labels)
    rows = torch.cat(
        [
            (labels == c).nonzero().flatten().repeat(int(counts.max() // count))
            for c, count in enumerate(counts)
        ]
    )
    data = TensorDataset(features[rows], labels[rows])
    return DataLoader(data, batch_size, shuffle=True)


def in_batch_sampler(features, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    return DataLoader(
        TensorDataset(features, labels),
        batch_sampler=WeightedRandomSampler(weights, len(labels)),
    )


def balanced_forgets(features, labels, batch_size):
    made = balanced()(features, labels, batch_size)


BALANCED = Answers(
    right={
        "course": balanced(),
        "loop": with_loop,
        "in place": balanced(in_place_weights),
        "sampler by hand": hand_sampler,
        "class": Builder(),
        "partial": functools.partial(balanced()),
        "unique": balanced(
            lambda labels: (
                1 / labels.unique(return_counts=True)[1].float()[labels]
            )
        ),
        "shares": balanced(
            lambda labels: 1 / (torch.bincount(labels) / len(labels))[labels]
        ),
        "sampler with a generator": balanced(
            lambda y: (len(y) / torch.bincount(y))[y], generator=seeded()
        ),
        "batch sampler": lambda f, y, b: DataLoader(
            TensorDataset(f, y),
            batch_sampler=BatchSampler(
                WeightedRandomSampler(1 / torch.bincount(y)[y], len(y)),
                batch_size=b,
                drop_last=False,
            ),
        ),
        "sum of one": balanced(
            lambda y: 1 / torch.bincount(y)[y] / len(torch.bincount(y))
        ),
        "numpy": balanced(
            lambda labels: (1.0 / np.bincount(labels.numpy()))[labels.numpy()]
        ),
    },
    wrong={
        "weights_per_class": balanced(lambda y: 1 / torch.bincount(y)),
        "not_balanced": plain_shuffle,
        "not_balanced all alike": balanced(lambda y: torch.ones(len(y))),
        "not_inverted": balanced(lambda y: torch.bincount(y)[y].float()),
        "no_replacement": balanced(replacement=False),
        "numbers_of_the_page": balanced(as_page),
        "other_weights": balanced(
            lambda y: torch.bincount(y)[y].float() ** -0.5
        ),
        "other_weights labels": balanced(lambda y: y.float()),
        "other_weights one minus": balanced(
            lambda y: 1 - torch.bincount(y)[y] / len(y)
        ),
        "sampler_and_shuffle": balanced(shuffle=True),
        "wrong_length": balanced(n=lambda y: 100),
        "wrong_length twice": balanced(n=lambda y: 2 * len(y)),
        "wrong_length dropped": balanced(drop_last=True),
        "wrong_length batches": balanced(n=lambda y: len(y) // 50),
        "batch_size": lambda f, y, b: balanced()(f, y, 32),
        "wrong_length repeated by hand": oversampled,
        "wrong_length endless": lambda f, y, b: DataLoader(
            TensorDataset(f, y), b, sampler=itertools.cycle(range(len(y)))
        ),
        "drawn_once": drawn_before,
        "drawn_once by a seed": lambda f, y, b: DataLoader(
            TensorDataset(f, y), b, sampler=DrawsTheSame(y)
        ),
        "uneven_points": balanced(first_of_class),
        "uneven_points in a class": balanced(
            lambda y: torch.linspace(1, 3, len(y)) / torch.bincount(y)[y]
        ),
        "weights_as_sampler": lambda f, y, b: DataLoader(
            TensorDataset(f, y), b, sampler=(1 / torch.bincount(y))[y]
        ),
        "other_data reshaped": lambda f, y, b: DataLoader(
            TensorDataset(f, y.reshape(-1, 1)), b, sampler=ByHand(y)
        ),
        "other_data": mixed_up,
        "in_place": shifts_labels,
        "other_data only labels": lambda f, y, b: DataLoader(
            TensorDataset(y), b, sampler=ByHand(y)
        ),
        "no_loader": returns_sampler,
        "pass_fails": balanced(lambda y: (1 // torch.bincount(y))[y]),
        "pass_fails weights as a list": lambda f, y, b: DataLoader(
            TensorDataset(f, y), b, sampler=(1 / torch.bincount(y))[y].tolist()
        ),
        "pass_fails sampler of batches": in_batch_sampler,
        "other_weights of two classes": balanced(
            lambda y: torch.where(
                y == 0, 1 / (y == 0).sum(), 1 / (y != 0).sum()
            )
        ),
        "other_type": balanced(data=lambda f, y: TensorDataset(f, y.float())),
        "swapped": balanced(data=lambda f, y: TensorDataset(y, f)),
        "more_than_one": lambda *given: (balanced()(*given), given[2]),
        "a_list": lambda *given: list(balanced()(*given)),
        "a_pass": lambda *given: iter(balanced()(*given)),
        "returns_nothing": balanced_forgets,
        "signature": lambda features, labels: balanced()(features, labels, 50),
        "raises": lambda f, y, b: balanced(lambda y: 1 / y.bincounts())(
            f, y, b
        ),
        "not_callable": 50,
        "other_number_of_weights": balanced(lambda y: torch.ones(1000)),
    },
)

ANSWERS = {"03.1": LOADER, "03.2": UPDATES, "03.3": BALANCED}
