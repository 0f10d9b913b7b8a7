"""Answers to the exercises of chapter 17."""

import statistics

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    Dataset,
    RandomSampler,
    TensorDataset,
)

from tests.answers.common import Answers

# ------------------------------------------------------------------- 17.1


def points_with(
    fetch=lambda s, rows: (s.x[rows], s.y[rows]),
    item=lambda s, i: (s.x[i], s.y[i]),
    length=lambda s: len(s.x),
    keep=lambda tensor: tensor,
):
    """Build a class of points out of its parts."""

    class Points(Dataset):
        def __init__(self, x, y):
            self.x, self.y = keep(x), keep(y)

        def __len__(self):
            return length(self)

        def __getitem__(self, index):
            return item(self, index)

        def __getitems__(self, rows):
            return fetch(self, rows)

    return Points


class PointsOfTensors(TensorDataset):
    def __getitems__(self, rows):
        return tuple(tensor[rows] for tensor in self.tensors)


class PointsByItem:
    def __init__(self, x, y):
        self.pair = (x, y)

    def __len__(self):
        return self.pair[0].shape[0]

    def __getitem__(self, index):
        x, y = self.pair
        return x[index], y[index]

    __getitems__ = __getitem__


class PointsWithoutItems(Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


class PointsWithoutLength:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __getitem__(self, index):
        return self.x[index], self.y[index]

    def __getitems__(self, rows):
        return self.x[rows], self.y[rows]


class PointsOfTheClass(Dataset):
    def __init__(self, x, y):
        PointsOfTheClass.x, PointsOfTheClass.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]

    def __getitems__(self, rows):
        return self.x[rows], self.y[rows]


def stacked(s, rows):
    return (
        torch.stack([s.x[i] for i in rows]),
        torch.stack([s.y[i] for i in rows]),
    )


class PointsTakenApart(Dataset):
    """Keeps a list of rows, which are views, and stacks them again."""

    def __init__(self, x, y):
        self.x, self.y = list(x), list(y)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]

    def __getitems__(self, rows):
        return stacked(self, rows)


class PointsRemembered(Dataset):
    def __init__(self, x, y):
        self.x, self.y, self.batches = x, y, {}

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]

    def __getitems__(self, rows):
        batch = self.x[rows], self.y[rows]
        return self.batches.setdefault(tuple(rows), batch)


POINTS = Answers(
    right={
        "course": points_with(),
        "of TensorDataset": PointsOfTensors,
        "no Dataset": PointsByItem,
        "index_select": points_with(
            lambda s, rows: (
                s.x.index_select(0, torch.tensor(rows)),
                s.y.index_select(0, torch.tensor(rows)),
            )
        ),
        "through NumPy": points_with(
            lambda s, rows: (
                torch.from_numpy(s.x.numpy()[rows]),
                torch.from_numpy(s.y.numpy()[rows]),
            )
        ),
        "by __getitem__": points_with(lambda s, rows: s[rows]),
        "gathered": points_with(
            lambda s, rows: tuple(
                torch.ops.aten.index(part, [torch.tensor(rows)])
                for part in (s.x, s.y)
            )
        ),
        "np.take": points_with(
            lambda s, rows: tuple(
                torch.from_numpy(np.take(part.numpy(), rows, axis=0))
                for part in (s.x, s.y)
            )
        ),
    },
    wrong={
        "no_length": PointsWithoutLength,
        "no_getitems": PointsWithoutItems,
        "wrong_length": points_with(length=lambda s: s.x[0].numel()),
        "item_form": points_with(item=lambda s, i: s.x[i]),
        "item_form nothing": points_with(item=lambda s, i: None),
        "item_other": points_with(item=lambda s, i: (s.y[i], s.x[i])),
        "batch_nothing": points_with(lambda s, rows: None),
        "lazy": points_with(lambda s, rows: (s[i] for i in rows)),
        "list_of_points": points_with(lambda s, rows: [s[i] for i in rows]),
        "list_of_points of zip": points_with(
            lambda s, rows: list(zip(s.x[rows], s.y[rows], strict=True))
        ),
        "lists_of_rows": points_with(
            lambda s, rows: ([s.x[i] for i in rows], [s.y[i] for i in rows])
        ),
        "batch_form": points_with(lambda s, rows: s.x[rows]),
        "batch_form as a list": points_with(
            lambda s, rows: [s.x[rows], s.y[rows]]
        ),
        "swapped": points_with(lambda s, rows: (s.y[rows], s.x[rows])),
        "order": points_with(
            lambda s, rows: (s.x[sorted(rows)], s.y[sorted(rows)])
        ),
        "first_rows": points_with(
            lambda s, rows: (s.x[: len(rows)], s.y[: len(rows)])
        ),
        "everything": points_with(lambda s, rows: (s.x, s.y)),
        "labels_apart": points_with(
            lambda s, rows: (s.x[rows], s.y[sorted(rows)])
        ),
        "batch_shape": points_with(
            lambda s, rows: (s.x[rows].flatten(), s.y[rows])
        ),
        "other_rows": points_with(
            lambda s, rows: (s.x[rows[::-1]], s.y[rows[::-1]])
        ),
        "one_by_one": points_with(stacked),
        "one_by_one of rows taken apart": PointsTakenApart,
        "batch_form of three": points_with(
            lambda s, rows: (s.x[rows], s.y[rows], rows)
        ),
        "batch_form of arrays": points_with(
            lambda s, rows: (s.x.numpy()[rows], s.y.numpy()[rows])
        ),
        "batch_shape of labels": points_with(
            lambda s, rows: (s.x[rows], s.y[rows].reshape(-1, 1))
        ),
        "raises for a tuple": points_with(
            lambda s, rows: (s.x[tuple(rows)], s.y[tuple(rows)])
        ),
        "copied in an earlier call": PointsRemembered,
        "copied": points_with(keep=torch.clone),
        "shared": PointsOfTheClass,
        "signature": lambda x: points_with()(x, x),
    },
)

# ------------------------------------------------------------------- 17.2


def batches_course(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    for rows in order.split(batch_size * n_at_once):
        pieces = x[rows].split(batch_size), y[rows].split(batch_size)
        yield from zip(*pieces, strict=True)


def batches_by_slices(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(x.shape[0], generator=generator)
    size = batch_size * n_at_once
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        x_piece, y_piece = x[rows], y[rows]
        for at in range(0, len(rows), batch_size):
            yield x_piece[at : at + batch_size], y_piece[at : at + batch_size]


def batches_of_generator(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    pieces = (
        (x.index_select(0, rows), y.index_select(0, rows))
        for rows in torch.split(order, n_at_once * batch_size)
    )
    return (
        batch
        for piece in pieces
        for batch in zip(*(part.split(batch_size) for part in piece))
    )


def batches_while(x, y, batch_size, n_at_once, generator):
    left = torch.randperm(len(x), generator=generator)
    while len(left):
        rows, left = (
            left[: batch_size * n_at_once],
            left[batch_size * n_at_once :],
        )
        yield from zip(x[rows].split(batch_size), y[rows].split(batch_size))


def batches_with(
    order=lambda n, generator: torch.randperm(n, generator=generator),
    cut=lambda order, size, at_once: order.split(size * at_once),
    fetch=lambda x, y, rows: (x[rows], y[rows]),
    give=lambda x, y: (x, y),
    size_of=lambda size: size,
):
    """Build a generator of batches out of its parts."""

    def shuffled_batches(x, y, batch_size, n_at_once, generator):
        for rows in cut(order(len(x), generator), batch_size, n_at_once):
            x_piece, y_piece = fetch(x, y, rows)
            size = size_of(batch_size)
            for pair in zip(x_piece.split(size), y_piece.split(size)):
                yield give(*pair)

    return shuffled_batches


def batches_without_last(x, y, batch_size, n_at_once, generator):
    for batch in batches_course(x, y, batch_size, n_at_once, generator):
        if len(batch[0]) == batch_size:
            yield batch


def batches_one_by_one(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    for rows in order.split(batch_size):
        yield x[rows], y[rows]


def batches_at_once(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    yield from zip(x[order].split(batch_size), y[order].split(batch_size))


def batches_in_pieces(x, y, batch_size, n_at_once, generator):
    size = batch_size * n_at_once
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        rows = torch.randperm(len(x_piece), generator=generator)
        yield from zip(
            x_piece[rows].split(batch_size), y_piece[rows].split(batch_size)
        )


def batches_drawn_often(x, y, batch_size, n_at_once, generator):
    size = batch_size * n_at_once
    for start in range(0, len(x), size):
        rows = torch.randperm(len(x), generator=generator)
        rows = rows[start : start + size]
        yield from zip(x[rows].split(batch_size), y[rows].split(batch_size))


def batches_in_place(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    x[:], y[:] = x[order], y[order]
    size = batch_size * n_at_once
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        yield from zip(x_piece.split(batch_size), y_piece.split(batch_size))


def batches_first_of_piece(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    for rows in order.split(batch_size * n_at_once):
        yield x[rows][:batch_size], y[rows][:batch_size]


def batches_only_full_pieces(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    size = batch_size * n_at_once
    for k in range(len(x) // size):
        rows = order[k * size : (k + 1) * size]
        yield from zip(x[rows].split(batch_size), y[rows].split(batch_size))


def batches_labels_apart(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    other = torch.randperm(len(x), generator=generator)
    size = batch_size * n_at_once
    for rows, labels in zip(order.split(size), other.split(size)):
        yield from zip(x[rows].split(batch_size), y[labels].split(batch_size))


def batches_dropped(x, y, batch_size, n_at_once, generator):
    list(batches_course(x, y, batch_size, n_at_once, generator))


def batches_with_loose_labels(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    for rows in order.split(batch_size * n_at_once):
        x_piece = x[rows]
        for k, few in enumerate(rows.split(batch_size)):
            yield x_piece[k * batch_size : (k + 1) * batch_size], y[few]


def batches_with_all_labels(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    pieces = order.split(batch_size * n_at_once)
    for rows, labels in zip(pieces, y[order].split(batch_size * n_at_once)):
        yield from zip(x[rows].split(batch_size), labels.split(batch_size))


def batches_collected(x, y, batch_size, n_at_once, generator):
    return iter([*batches_course(x, y, batch_size, n_at_once, generator)])


def batches_fetched_first(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator)
    size = batch_size * n_at_once
    for x_piece, y_piece in [(x[rows], y[rows]) for rows in order.split(size)]:
        yield from zip(x_piece.split(batch_size), y_piece.split(batch_size))


def batches_sampled(x, y, batch_size, n_at_once, generator):
    order = RandomSampler(range(len(x)), generator=generator)
    for rows in BatchSampler(order, batch_size * n_at_once, False):
        yield from zip(x[rows].split(batch_size), y[rows].split(batch_size))


def batches_narrowed(x, y, batch_size, n_at_once, generator):
    order = torch.randperm(len(x), generator=generator).numpy()
    for start in range(0, len(order), batch_size * n_at_once):
        rows = order[start : start + batch_size * n_at_once]
        parts = x[rows], y[rows]
        for at in range(0, len(rows), batch_size):
            n = min(batch_size, len(rows) - at)
            yield tuple(part.narrow(0, at, n) for part in parts)


SHUFFLED_BATCHES = Answers(
    right={
        "course": batches_course,
        "slices": batches_by_slices,
        "a generator expression": batches_of_generator,
        "while": batches_while,
        "parts": batches_with(give=lambda x, y: [x, y]),
        "samplers": batches_sampled,
        "narrowed": batches_narrowed,
    },
    wrong={
        "returns_nothing": batches_dropped,
        "no_generator": lambda x, y, b, n, generator: list(
            batches_course(x, y, b, n, generator)
        ),
        "no_pairs": batches_with(give=lambda x, y: x),
        "swapped": batches_with(give=lambda x, y: (y, x)),
        "changed": batches_in_place,
        "drops_last": batches_without_last,
        "not_shuffled": batches_with(order=lambda n, g: torch.arange(n)),
        "repeated": batches_with(
            cut=lambda order, size, n: [*order.split(size * n), order[:1]]
        ),
        "own_order drawn often": batches_drawn_often,
        "lost": batches_first_of_piece,
        "lost with its piece": batches_with(
            cut=lambda order, size, n: (
                order.split(size * n)[:-1] or order[:0].split(1)
            )
        ),
        "no_batches": batches_with(cut=lambda order, size, n: ()),
        "within_pieces": batches_in_pieces,
        "own_order": batches_with(order=lambda n, g: torch.randperm(n)),
        "own_order sorted": batches_with(
            order=lambda n, g: torch.rand(n, generator=g).argsort()
        ),
        "labels_apart": batches_labels_apart,
        "labels_apart in order": batches_with(
            fetch=lambda x, y, rows: (x[rows], y[: len(rows)])
        ),
        "sizes": batches_with(size_of=lambda size: size - 1),
        "all_at_once": batches_at_once,
        "all_at_once for labels": batches_with_all_labels,
        "copies_each": batches_one_by_one,
        "copies_each of labels": batches_with_loose_labels,
        "row_by_row": batches_with(
            fetch=lambda x, y, rows: (
                torch.stack([x[row] for row in rows]),
                torch.stack([y[row] for row in rows]),
            )
        ),
        "fetched_early": batches_fetched_first,
        "fetched_early and collected": batches_collected,
        "signature": lambda x, y, batch_size, generator: batches_course(
            x, y, batch_size, 2, generator
        ),
    },
)

# ------------------------------------------------------------------- 17.3


def epoch_with(
    block=torch.inference_mode,
    begin=lambda model: model.eval(),
    build=lambda model: None,
    keep=lambda loss: loss,
    mean=lambda losses, sizes: (
        sum(
            v * n
            for v, n in zip(torch.stack(losses).tolist(), sizes, strict=True)
        )
        / sum(sizes)
    ),
    end=lambda model: None,
):
    """Build a builder of validation epochs out of its parts."""

    def make(model, loss_fn):
        build(model)

        def perform(val_loader):
            begin(model)
            losses, sizes = [], []
            with block():
                for x, y in val_loader:
                    losses.append(keep(loss_fn(model(x), y)))
                    sizes.append(len(x))
                result = mean(losses, sizes)
            end(model)
            return result

        return perform

    return make


def epoch_course(model, loss_fn):
    @torch.inference_mode()
    def perform_val_epoch_fn(val_loader):
        model.eval()
        losses, sizes = [], []
        for x_batch, y_batch in val_loader:
            losses.append(loss_fn(model(x_batch), y_batch))
            sizes.append(len(x_batch))
        values = torch.stack(losses).tolist()
        pairs = zip(values, sizes, strict=True)
        return sum(v * n for v, n in pairs) / sum(sizes)

    return perform_val_epoch_fn


def epoch_running_sum(model, loss_fn):
    def perform(val_loader):
        model.train(False)
        total, count = 0, 0
        with torch.no_grad():
            for x, y in val_loader:
                total = total + loss_fn(model(x), y) * len(y)
                count += len(y)
        return (total / count).item()

    return perform


class EpochObject:
    def __init__(self, model, loss_fn):
        self.model, self.loss_fn = model, loss_fn

    @torch.no_grad()
    def __call__(self, loader):
        self.model.eval()
        pairs = [(self.loss_fn(self.model(x), y), len(x)) for x, y in loader]
        losses, sizes = zip(*pairs, strict=True)
        sizes = torch.tensor(sizes, dtype=torch.float32)
        return float(torch.stack(losses) @ sizes / sizes.sum())


def epoch_averaged(model, loss_fn):
    def perform(loader):
        model.eval()
        with torch.no_grad():
            pairs = [(loss_fn(model(x), y), len(x)) for x, y in loader]
        values = torch.stack([loss for loss, _ in pairs]).numpy()
        return float(np.average(values, weights=[n for _, n in pairs]))

    return perform


def epoch_trains(model, loss_fn):
    def perform(loader):
        model.eval()
        result = epoch_course(model, loss_fn)(loader)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1
        return result

    return perform


def epoch_first(model, loss_fn):
    @torch.no_grad()
    def perform(loader):
        model.eval()
        for x, y in loader:
            return loss_fn(model(x), y).item()

    return perform


def epoch_kept(model, loss_fn):
    losses, sizes = [], []

    @torch.no_grad()
    def perform(loader):
        model.eval()
        for x, y in loader:
            losses.append(loss_fn(model(x), y) * len(x))
            sizes.append(len(x))
        return torch.stack(losses).sum().item() / sizes[-1]

    return perform


def epoch_left_off(model, loss_fn):
    def perform(loader):
        torch.set_grad_enabled(False)
        return epoch_course(model, loss_fn)(loader)

    return perform


def epoch_shared():
    kept = {}

    def make(model, loss_fn):
        kept["model"] = model

        def perform(loader):
            return epoch_course(kept["model"], loss_fn)(loader)

        return perform

    return make


def epoch_not_returned(model, loss_fn):
    def perform(loader):
        return epoch_course(model, loss_fn)(loader)


def epoch_now(model, loss_fn):
    return 0.5


def weighted(losses, sizes):
    return sum(v * n for v, n in zip(losses, sizes, strict=True))


VAL_EPOCH = Answers(
    right={
        "course": epoch_course,
        "running sum": epoch_running_sum,
        "object": EpochObject,
        "numpy": epoch_averaged,
        "parts": epoch_with(block=torch.no_grad),
    },
    wrong={
        "builder_returns_nothing": epoch_not_returned,
        "called_too_soon": epoch_now,
        "returns_nothing": epoch_with(mean=lambda losses, sizes: None),
        "returns_tensor": epoch_with(
            mean=lambda losses, sizes: weighted(losses, sizes) / sum(sizes)
        ),
        "no_eval_mode": epoch_with(begin=lambda model: None),
        "mode_set_once": epoch_with(
            begin=lambda model: None, build=lambda model: model.eval()
        ),
        "recorded": epoch_with(block=torch.enable_grad),
        "recording_left_off": epoch_left_off,
        "model_changed": epoch_trains,
        "frozen": epoch_with(
            block=torch.enable_grad,
            begin=lambda model: model.eval().requires_grad_(False),
        ),
        "plain_mean": epoch_with(
            mean=lambda losses, sizes: torch.stack(losses).mean().item()
        ),
        "sum_of_losses": epoch_with(
            mean=lambda losses, sizes: torch.stack(losses).sum().item()
        ),
        "sum_over_rows": epoch_with(
            mean=lambda losses, sizes: weighted(losses, sizes).item()
        ),
        "over_batches": epoch_with(
            mean=lambda losses, sizes: (
                weighted(losses, sizes).item() / len(sizes)
            )
        ),
        "nominal_size": epoch_with(
            mean=lambda losses, sizes: (
                weighted(losses, sizes).item() / (sizes[0] * len(sizes))
            )
        ),
        "first_size": epoch_with(
            mean=lambda losses, sizes: (
                torch.stack(losses).sum().item() * sizes[0] / sum(sizes)
            )
        ),
        "last_batch": epoch_with(mean=lambda losses, sizes: losses[-1].item()),
        "first_batch": epoch_first,
        "other_value": epoch_with(
            mean=lambda losses, sizes: round(
                weighted(losses, sizes).item() / sum(sizes), 1
            )
        ),
        "waits": epoch_with(
            keep=lambda loss: loss.item(),
            mean=lambda losses, sizes: weighted(losses, sizes) / sum(sizes),
        ),
        "waits at the end": epoch_with(
            mean=lambda losses, sizes: (
                weighted([float(v) for v in losses], sizes) / sum(sizes)
            )
        ),
        "waits in a condition": epoch_with(
            keep=lambda loss: loss if loss < 1e9 else None,
            mean=lambda losses, sizes: (
                weighted(losses, sizes).item() / sum(sizes)
            ),
        ),
        "shared": epoch_shared(),
        "signature": lambda model: epoch_course(model, None),
    },
)

# ------------------------------------------------------------------- 17.4


def ratio_course(mine, plain):
    ratios = [one / other for one, other in zip(mine, plain, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


def ratio_numpy(mine, plain):
    ratios = np.array(mine) / np.array(plain)
    return np.median(ratios), ratios.min(), ratios.max()


def ratio_torch(mine, plain):
    ratios = torch.tensor(mine) / torch.tensor(plain)
    return tuple(ratios.quantile(torch.tensor([0.5, 0.0, 1.0])).tolist())


def ratio_sorted(mine, plain):
    ratios = sorted(map(lambda a, b: a / b, mine, plain))
    half, odd = divmod(len(ratios), 2)
    middle = ratios[half] if odd else (ratios[half - 1] + ratios[half]) / 2
    return middle, ratios[0], ratios[-1]


def ratio_with(
    ratios=lambda mine, plain: [a / b for a, b in zip(mine, plain)],
    result=lambda r: (statistics.median(r), min(r), max(r)),
):
    """Build an answer out of its parts."""
    return lambda mine, plain: result(ratios(mine, plain))


def ratio_in_place(mine, plain):
    result = ratio_course(mine, plain)
    mine.sort()
    return result


def ratio_of(summary):
    def fair_ratio(mine, plain):
        _, low, high = ratio_course(mine, plain)
        return summary(mine) / summary(plain), low, high

    return fair_ratio


def ratio_printed(mine, plain):
    result = ratio_course(mine, plain)
    print(result)


FAIR_RATIO = Answers(
    right={
        "course": ratio_course,
        "numpy": ratio_numpy,
        "torch": ratio_torch,
        "sorted": ratio_sorted,
    },
    wrong={
        "returns_nothing": ratio_printed,
        "one_number": ratio_with(result=statistics.median),
        "no_tuple": ratio_with(
            result=lambda r: [statistics.median(r), min(r), max(r)]
        ),
        "not_three": ratio_with(result=tuple),
        "no_floats": ratio_with(
            result=lambda r: (torch.tensor(r).median(), min(r), max(r))
        ),
        "changed": ratio_in_place,
        "upside_down": lambda mine, plain: ratio_course(plain, mine),
        "other_order": ratio_with(
            result=lambda r: (min(r), statistics.median(r), max(r))
        ),
        "low_and_high_swapped": ratio_with(
            result=lambda r: (statistics.median(r), max(r), min(r))
        ),
        "mean": ratio_with(result=lambda r: (sum(r) / len(r), min(r), max(r))),
        "unsorted_middle": ratio_with(
            result=lambda r: (r[len(r) // 2], min(r), max(r))
        ),
        "one_of_the_middle": ratio_with(
            result=lambda r: (sorted(r)[len(r) // 2], min(r), max(r))
        ),
        "one_of_the_middle torch": ratio_with(
            result=lambda r: (torch.tensor(r).median().item(), min(r), max(r))
        ),
        "quartiles": ratio_with(
            result=lambda r: (
                statistics.median(r),
                *np.quantile(r, [0.25, 0.75]),
            )
        ),
        "first_and_last": ratio_with(
            result=lambda r: (statistics.median(r), r[0], r[-1])
        ),
        "differences": ratio_with(
            lambda mine, plain: [a - b for a, b in zip(mine, plain)]
        ),
        "pairs_lost": lambda mine, plain: ratio_course(
            sorted(mine), sorted(plain)
        ),
        "one_plain_time": ratio_with(
            lambda mine, plain: [a / statistics.median(plain) for a in mine]
        ),
        "one_plain_time the mean": ratio_with(
            lambda mine, plain: [a / statistics.mean(plain) for a in mine]
        ),
        "one_plain_time the best": ratio_with(
            lambda mine, plain: [a / min(plain) for a in mine]
        ),
        "ratio_of_summaries": ratio_of(statistics.median),
        "ratio_of_summaries means": ratio_of(statistics.mean),
        "ratio_of_summaries best": ratio_of(min),
        "ends_of_summaries": lambda mine, plain: (
            ratio_course(mine, plain)[0],
            min(mine) / min(plain),
            max(mine) / max(plain),
        ),
        "ends_of_summaries times": lambda mine, plain: (
            ratio_course(mine, plain)[0],
            min(mine),
            max(mine),
        ),
        "rounded": ratio_with(
            result=lambda r: tuple(
                round(value, 2)
                for value in (statistics.median(r), min(r), max(r))
            )
        ),
        "raises as it was used up": ratio_with(
            lambda mine, plain: (a / b for a, b in zip(mine, plain))
        ),
        "other_value": ratio_with(
            result=lambda r: (round(statistics.median(r), 1), min(r), max(r))
        ),
        "signature": lambda mine: ratio_course(mine, mine),
    },
)

ANSWERS = {
    "17.1": POINTS,
    "17.2": SHUFFLED_BATCHES,
    "17.3": VAL_EPOCH,
    "17.4": FAIR_RATIO,
}
