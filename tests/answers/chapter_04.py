"""Answers to the exercises of chapter 04."""

import copy
import functools
import itertools
import statistics

import numpy as np
import torch
from torch.utils.data import (
    DataLoader,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    random_split,
)

from helpers.mini_batch.v0 import mini_batch
from tests.answers.common import Answers

# ------------------------------------------------------------------- 04.1


def error_step(measure, before=lambda model, x, y: None):
    """Build a builder of steps out of what it does with the errors."""

    def make(model):
        def step(x_batch, y_batch):
            before(model, x_batch, y_batch)
            return measure(model(x_batch), y_batch)

        return step

    return make


class ErrorObject:
    def __init__(self, model):
        self.model = model

    @torch.no_grad()
    def __call__(self, x_batch, y_batch):
        return torch.dist(self.model(x_batch), y_batch, float("inf")).item()


def error_in_place(model):
    def step(x_batch, y_batch):
        with torch.inference_mode():
            yhat = model(x_batch)
            return float(yhat.sub_(y_batch).abs_().amax())

    return step


def error_by_loop(model):
    def step(x_batch, y_batch):
        largest = 0.0
        for x, y in zip(x_batch, y_batch, strict=True):
            largest = max(largest, abs(model(x) - y).item())
        return largest

    return step


def error_no_return(model):
    def step(x_batch, y_batch):
        print((model(x_batch) - y_batch).abs().max().item())

    return step


def error_forgotten(model):
    def step(x_batch, y_batch):
        return (model(x_batch) - y_batch).abs().max().item()


def error_at_once(model):
    yhat = model(torch.ones(3, 2))
    return lambda x_batch, y_batch: (yhat - y_batch).abs().max().item()


def error_trains(model):
    def step(x_batch, y_batch):
        error = (model(x_batch) - y_batch).abs().max()
        gradients = torch.autograd.grad(error, list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(
                model.parameters(), gradients, strict=True
            ):
                parameter -= 0.1 * gradient
        return error.item()

    return step


def error_backward(model):
    def step(x_batch, y_batch):
        error = (model(x_batch) - y_batch).abs().max()
        error.backward()
        return error.item()

    return step


def error_keeps(model):
    largest = 0.0

    def step(x_batch, y_batch):
        nonlocal largest
        error = (model(x_batch) - y_batch).abs().max().item()
        largest = max(largest, error)
        return largest

    return step


def error_left_off(model):
    def step(x_batch, y_batch):
        torch.set_grad_enabled(False)
        return (model(x_batch) - y_batch).abs().max().item()

    return step


def error_frozen(model):
    def step(x_batch, y_batch):
        model.requires_grad_(False)
        return (model(x_batch) - y_batch).abs().max().item()

    return step


page_model = torch.nn.Linear(2, 1)
latest = {}


def error_of_page(model):
    return lambda x, y: (page_model(x) - y).abs().max().item()


def error_shared(model):
    latest["model"] = model
    return lambda x, y: (latest["model"](x) - y).abs().max().item()


LARGEST_ERROR = Answers(
    right={
        "course": error_step(lambda yhat, y: (yhat - y).abs().max().item()),
        "float": error_step(
            lambda yhat, y: float(torch.max(torch.abs(y - yhat)))
        ),
        "numpy": error_step(
            lambda yhat, y: float(
                np.abs(yhat.detach().numpy() - y.numpy()).max()
            )
        ),
        "Python's max": error_step(
            lambda yhat, y: max(abs(e) for e in (yhat - y).ravel().tolist())
        ),
        "class": ErrorObject,
        "in place": error_in_place,
        "loop": error_by_loop,
        "top": error_step(
            lambda yhat, y: (yhat - y).abs().flatten().topk(1).values.item()
        ),
        "largest of both signs": error_step(
            lambda yhat, y: max(
                (yhat - y).max().item(), (y - yhat).max().item()
            )
        ),
        "partial": lambda model: functools.partial(
            lambda m, x, y: (
                torch.nn.functional.l1_loss(m(x), y, reduction="none")
                .max()
                .item()
            ),
            model,
        ),
        "distance": error_step(
            lambda yhat, y: torch.dist(yhat, y, p=float("inf")).item()
        ),
    },
    wrong={
        "signed": error_step(lambda yhat, y: (yhat - y).max().item()),
        "signed the other way": error_step(
            lambda yhat, y: (y - yhat).max().item()
        ),
        "signed first": error_step(
            lambda yhat, y: abs((yhat - y).max().item())
        ),
        "mean": error_step(lambda yhat, y: (yhat - y).abs().mean().item()),
        "mean squared": error_step(
            lambda yhat, y: ((yhat - y) ** 2).mean().item()
        ),
        "sum": error_step(lambda yhat, y: (yhat - y).abs().sum().item()),
        "squared": error_step(lambda yhat, y: ((yhat - y) ** 2).max().item()),
        "smallest": error_step(lambda yhat, y: (yhat - y).abs().min().item()),
        "position": error_step(
            lambda yhat, y: (yhat - y).abs().argmax().item()
        ),
        "other_value shapes": error_step(
            lambda yhat, y: (yhat - y.squeeze()).abs().max().item()
        ),
        "other_value kept": error_keeps,
        "other_value the first": error_step(
            lambda yhat, y: (yhat - y).abs()[0].item()
        ),
        "other_value the last": error_step(
            lambda yhat, y: (yhat - y).abs()[-1].item()
        ),
        "other_value median": error_step(
            lambda yhat, y: (yhat - y).abs().median().item()
        ),
        "rounded": error_step(lambda yhat, y: int((yhat - y).abs().max())),
        "rounded to two digits": error_step(
            lambda yhat, y: round((yhat - y).abs().max().item(), 2)
        ),
        "other_value range of two predictions": lambda model: (
            lambda x, y: (
                (model(x) - y).max().item() - (model(x) - y).min().item()
            )
        ),
        "other_value only the first row": lambda model: (
            lambda x, y: abs(model(x[:1]) - y[:1]).item()
        ),
        "other_model a copy": lambda model: error_step(
            lambda yhat, y: (yhat - y).abs().max().item()
        )(copy.deepcopy(model)),
        "returns_tensor": error_step(lambda yhat, y: (yhat - y).abs().max()),
        "no_number of NumPy": error_step(
            lambda yhat, y: np.abs((yhat - y).detach().numpy()).max()
        ),
        "no_number without brackets": error_step(
            lambda yhat, y: (yhat - y).abs().max().item
        ),
        "no_number but a pair": error_step(
            lambda yhat, y: (yhat - y).abs().max(dim=0)
        ),
        "no_number": error_step(
            lambda yhat, y: (yhat - y).abs().ravel().tolist()
        ),
        "returns_nothing": error_no_return,
        "builder_returns_nothing": error_forgotten,
        "called_too_soon": lambda model: model.layer.weight.max().item(),
        "runs_at_once": error_at_once,
        "updates": error_trains,
        "left_off": error_left_off,
        "left_off as frozen": error_frozen,
        "changes_gradients": error_backward,
        "changes_gradients to none": error_step(
            lambda yhat, y: (yhat - y).abs().max().item(),
            before=lambda model, x, y: model.zero_grad(),
        ),
        "other_model": error_of_page,
        "shared": error_shared,
        "other_features": lambda model: (
            lambda x, y: (model(2 * x) - y).abs().max().item()
        ),
        "signature": lambda model, x, y: (model(x) - y).abs().max().item(),
        "changes_batch": error_step(
            lambda yhat, y: y.sub_(yhat.detach()).abs().max().item()
        ),
    },
)

# ------------------------------------------------------------------- 04.2


def few_course(device, data_loader, step_fn, n_batches):
    total, count = 0.0, 0
    for x_batch, y_batch in data_loader:
        total += step_fn(x_batch.to(device), y_batch.to(device))
        count += 1
        if count == n_batches:
            break
    return total / count


def few_islice(device, data_loader, step_fn, n_batches):
    losses = [
        step_fn(x_batch.to(device), y_batch.to(device))
        for x_batch, y_batch in itertools.islice(data_loader, n_batches)
    ]
    return sum(losses) / len(losses)


def few_zip(device, data_loader, step_fn, n_batches):
    losses = []
    for _, batch in zip(range(n_batches), data_loader):  # noqa: B905
        losses.append(step_fn(*(part.to(device) for part in batch)))
    return float(np.mean(losses))


def few_next(device, data_loader, step_fn, n_batches):
    iterator, losses = iter(data_loader), []
    while len(losses) < n_batches:
        batch = next(iterator, None)
        if batch is None:
            break
        x_batch, y_batch = (part.to(device) for part in batch)
        losses.append(step_fn(x_batch, y_batch))
    return statistics.mean(losses)


def few_enumerate(device, data_loader, step_fn, n_batches):
    mean = 0.0
    for n, (x_batch, y_batch) in enumerate(data_loader, start=1):
        x_batch, y_batch = x_batch.to(device), y_batch.to(device)
        mean += (step_fn(x_batch, y_batch) - mean) / n
        if n >= n_batches:
            return mean
    return mean


def few_range(device, data_loader, step_fn, n_batches):
    batches = iter(data_loader)
    n = min(n_batches, len(data_loader))
    losses = torch.zeros(n, dtype=torch.float64)
    for k in range(n):
        x_batch, y_batch = next(batches)
        losses[k] = step_fn(x_batch.to(device), y_batch.to(device))
    return losses.mean().item()


class FewObject:
    def __call__(self, *arguments):
        return few_course(*arguments)


def few_with(
    stop=lambda count, n: count == n,
    result=lambda losses, n, sizes: sum(losses) / len(losses),
    to=lambda x, y, device: (x.to(device), y.to(device)),
    step=lambda step_fn, x, y: step_fn(x, y),
    early=lambda count, n: False,
):
    """Build an answer out of its parts."""

    def few_batches(device, data_loader, step_fn, n_batches):
        losses, sizes = [], []
        for x_batch, y_batch in data_loader:
            if early(len(losses), n_batches):
                break
            x_batch, y_batch = to(x_batch, y_batch, device)
            losses.append(step(step_fn, x_batch, y_batch))
            sizes.append(len(x_batch))
            if stop(len(losses), n_batches):
                break
        return result(losses, n_batches, sizes)

    return few_batches


def few_not_kept(x, y, device):
    x.to(device), y.to(device)
    return x, y


def few_list(device, data_loader, step_fn, n_batches):
    losses = [
        step_fn(x.to(device), y.to(device))
        for x, y in list(data_loader)[:n_batches]
    ]
    return sum(losses) / len(losses)


def few_skips(device, data_loader, step_fn, n_batches):
    losses = []
    for n, (x, y) in enumerate(data_loader):
        if n < n_batches:
            losses.append(step_fn(x.to(device), y.to(device)))
    return sum(losses) / len(losses)


def few_first_again(device, data_loader, step_fn, n_batches):
    losses = []
    for _ in range(n_batches):
        x, y = next(iter(data_loader))
        losses.append(step_fn(x.to(device), y.to(device)))
    return sum(losses) / len(losses)


def few_next_only(device, data_loader, step_fn, n_batches):
    iterator, total = iter(data_loader), 0.0
    for _ in range(n_batches):
        x, y = next(iterator)
        total += step_fn(x.to(device), y.to(device))
    return total / n_batches


def few_zip_right(device, data_loader, step_fn, n_batches):
    losses = [
        step_fn(x.to(device), y.to(device))
        for (x, y), _ in zip(data_loader, range(n_batches))  # noqa: B905
    ]
    return sum(losses) / len(losses)


def few_return_inside(device, data_loader, step_fn, n_batches):
    total, count = 0.0, 0
    for x, y in data_loader:
        total += step_fn(x.to(device), y.to(device))
        count += 1
        return total / count


page_loader = DataLoader(TensorDataset(torch.rand(8, 2), torch.rand(8, 1)))


def few_peeks(device, data_loader, step_fn, n_batches):
    x, y = next(iter(data_loader))
    return few_course(device, data_loader, step_fn, n_batches)


def few_round_and_round(device, data_loader, step_fn, n_batches):
    losses = []
    while len(losses) < n_batches:
        left = n_batches - len(losses)
        for x, y in itertools.islice(data_loader, left):
            losses.append(step_fn(x.to(device), y.to(device)))
    return sum(losses) / len(losses)


def few_page_loader(device, data_loader, step_fn, n_batches):
    return few_course(device, page_loader, step_fn, n_batches)


def few_own_loader(device, data_loader, step_fn, n_batches):
    loader = DataLoader(data_loader.dataset, data_loader.batch_size)
    return few_course(device, loader, step_fn, n_batches)


def few_remembers(device, data_loader, step_fn, n_batches, losses=[]):
    for x, y in itertools.islice(data_loader, n_batches):
        losses.append(step_fn(x.to(device), y.to(device)))
    return sum(losses) / len(losses)


def few_no_step(device, data_loader, step_fn, n_batches):
    losses = []
    for x, y in itertools.islice(data_loader, n_batches):
        losses.append(torch.nn.functional.mse_loss(x[:, :1], y).item())
    return sum(losses) / len(losses)


def few_try(device, data_loader, step_fn, n_batches):
    batches, losses = iter(data_loader), []
    try:
        for _ in range(n_batches):
            x, y = next(batches)
            losses.append(step_fn(x.to(device), y.to(device)))
    except StopIteration:
        pass
    return sum(losses) / len(losses)


def few_countdown(device, data_loader, step_fn, n_batches):
    losses = []
    for x, y in data_loader:
        losses.append(step_fn(x.to(device), y.to(device)))
        n_batches -= 1
        if not n_batches:
            break
    return sum(losses) / len(losses)


def few_of_loader(device, data_loader, step_fn, n_batches):
    losses = [
        step_fn(x.to(device), y.to(device))
        for x, y in itertools.islice(data_loader, n_batches)
    ]
    return sum(losses) / len(data_loader)


def few_only_full(device, data_loader, step_fn, n_batches):
    losses = []
    for x, y in data_loader:
        losses.append(step_fn(x.to(device), y.to(device)))
        if len(losses) == n_batches:
            return sum(losses) / n_batches


def few_begins_each(device, data_loader, step_fn, n_batches):
    losses = []
    while len(losses) < n_batches:
        for x, y in data_loader:
            losses.append(step_fn(x.to(device), y.to(device)))
            break
    return sum(losses) / len(losses)


def few_in_one(device, data_loader, step_fn, n_batches):
    x, y = zip(*itertools.islice(data_loader, n_batches))
    return step_fn(torch.cat(x).to(device), torch.cat(y).to(device))


def few_prints(device, data_loader, step_fn, n_batches):
    print(few_course(device, data_loader, step_fn, n_batches))


def few_unrecorded(*arguments):
    with torch.no_grad():
        return few_course(*arguments)


FEW_BATCHES = Answers(
    right={
        "course": few_course,
        "islice": few_islice,
        "zip": few_zip,
        "next": few_next,
        "running mean": few_enumerate,
        "range": few_range,
        "try": few_try,
        "countdown": few_countdown,
        "class": FewObject(),
        "partial": functools.partial(few_course),
        "lambda": lambda *arguments: few_islice(*arguments),
        "shipped": lambda device, loader, step_fn, n: mini_batch(
            device, itertools.islice(loader, n), step_fn
        ),
    },
    wrong={
        "not_moved": few_with(to=lambda x, y, device: (x, y)),
        "not_moved as not kept": few_with(to=few_not_kept),
        "not_moved to the one given": few_with(
            to=lambda x, y, device: (x.to("cpu"), y.to("cpu"))
        ),
        "only_features_moved": few_with(
            to=lambda x, y, device: (x.to(device), y)
        ),
        "only_labels_moved": few_with(
            to=lambda x, y, device: (x, y.to(device))
        ),
        "sum": few_with(result=lambda losses, n, sizes: sum(losses)),
        "divides_by_n_batches": few_with(
            result=lambda losses, n, sizes: sum(losses) / n
        ),
        "last_loss": few_with(result=lambda losses, n, sizes: losses[-1]),
        "weighted_mean": few_with(
            result=lambda losses, n, sizes: float(
                np.average(losses, weights=sizes)
            )
        ),
        "divides_by_points": few_with(
            result=lambda losses, n, sizes: sum(losses) / sum(sizes)
        ),
        "divides_by_loader": few_of_loader,
        "divides_by_one_less": few_with(
            result=lambda losses, n, sizes: sum(losses) / (len(losses) - 1 or 1)
        ),
        "other_value largest": few_with(
            result=lambda losses, n, sizes: max(losses)
        ),
        "returns_nothing if the loader is short": few_only_full,
        "first_batch_again in a while": few_begins_each,
        "other_batches in one": few_in_one,
        "other_value": few_with(
            result=lambda losses, n, sizes: statistics.median(losses)
        ),
        "other_value remembered": few_remembers,
        "no_number": few_with(result=lambda losses, n, sizes: losses),
        "no_number of NumPy": few_with(
            result=lambda losses, n, sizes: np.mean(losses)
        ),
        "returns_tensor": few_with(
            result=lambda losses, n, sizes: torch.tensor(losses).mean()
        ),
        "returns_nothing": few_prints,
        "whole_loader": few_with(stop=lambda count, n: False),
        "one_too_many": few_with(stop=lambda count, n: count > n),
        "other_number": few_with(stop=lambda count, n: count == n + 2),
        "one_too_few": few_with(stop=lambda count, n: count == n - 1),
        "only_one": few_return_inside,
        "draws_one_more": few_with(
            stop=lambda count, n: False, early=lambda count, n: count == n
        ),
        "draws_one_more by zip": few_zip_right,
        "two_passes": few_peeks,
        "begins_again": few_round_and_round,
        "draws_all": few_list,
        "draws_all and skips": few_skips,
        "first_batch_again": few_first_again,
        "short_loader": few_next_only,
        "swapped": few_with(step=lambda step_fn, x, y: step_fn(y, x)),
        "other_batches": few_with(step=lambda step_fn, x, y: step_fn(2 * x, y)),
        "other_loader": few_page_loader,
        "other_loader of its own": few_own_loader,
        "step_never_called": few_no_step,
        "recording_off": few_unrecorded,
        "signature": lambda data_loader, step_fn, n_batches: 0.0,
        "raises": few_with(step=lambda step_fn, x, y: step_fn((x, y))),
        "other_value rounded": few_with(
            result=lambda losses, n, sizes: round(sum(losses) / len(losses), 3)
        ),
        "step_twice": few_with(
            step=lambda step_fn, x, y: (step_fn(x, y), step_fn(x, y))[1]
        ),
        "raises as the step is not called": few_with(
            step=lambda step_fn, x, y: step_fn
        ),
    },
)

# ------------------------------------------------------------------- 04.3


def loaders_with(
    split=lambda dataset, generator: random_split(
        dataset, [0.8, 0.2], generator
    ),
    result=lambda train, val: (train, val),
    train=lambda data, generator: DataLoader(
        data, batch_size=16, shuffle=True, generator=generator
    ),
    val=lambda data: DataLoader(data, batch_size=16),
    seed=lambda: torch.Generator().manual_seed(13),
):
    """Build an answer out of its parts."""

    def make_loaders(dataset):
        generator = seed()
        train_data, val_data = split(dataset, generator)
        return result(train(train_data, generator), val(val_data))

    return make_loaders


def loaders_lengths(dataset):
    n_train = int(0.8 * len(dataset))
    lengths = [n_train, len(dataset) - n_train]
    parts = random_split(
        dataset, lengths, generator=torch.Generator().manual_seed(13)
    )
    return [
        DataLoader(part, 16, shuffle=is_train)
        for part, is_train in zip(parts, (True, False), strict=True)
    ]


def loaders_by_subset(dataset):
    """No random_split, the same split."""
    generator = torch.Generator()
    generator.manual_seed(13)
    order = torch.randperm(len(dataset), generator=generator).tolist()
    n_train = round(0.8 * len(dataset))
    train_data = Subset(dataset, order[:n_train])
    sampler = torch.utils.data.RandomSampler(train_data)
    train_loader = DataLoader(train_data, sampler=sampler, batch_size=16)
    return train_loader, DataLoader(
        Subset(dataset, order[n_train:]), batch_size=16, shuffle=False
    )


def loaders_by_samplers(dataset):
    """Both loaders hold the whole dataset, and a sampler of their rows."""
    generator = torch.Generator().manual_seed(13)
    order = torch.randperm(len(dataset), generator=generator).tolist()
    n_train = int(0.8 * len(dataset))
    train_rows = SubsetRandomSampler(order[:n_train])
    return (
        DataLoader(dataset, batch_size=16, sampler=train_rows),
        DataLoader(dataset, batch_size=16, sampler=order[n_train:]),
    )


class Loaders:
    def __call__(self, dataset):
        return loaders_lengths(dataset)


def cut(dataset, generator):
    n = int(0.8 * len(dataset))
    rows = range(len(dataset))
    return Subset(dataset, rows[:n]), Subset(dataset, rows[n:])


def two_draws(dataset, generator):
    n = len(dataset)
    train_rows = torch.randperm(n, generator=generator)[: int(0.8 * n)]
    val_rows = torch.randperm(n, generator=generator)[: n - int(0.8 * n)]
    return Subset(dataset, train_rows.tolist()), Subset(
        dataset, val_rows.tolist()
    )


def loses_one(dataset, generator):
    train_data, val_data = random_split(dataset, [0.8, 0.2], generator)
    return train_data, Subset(val_data, range(len(val_data) - 1))


def hard_coded(dataset, generator):
    return random_split(dataset, [80, 20], generator)


def rounded_down(dataset, generator):
    n = len(dataset)
    return random_split(dataset, [int(0.8 * n), int(0.2 * n)], generator)


def smaller_first(dataset, generator):
    val_data, train_data = random_split(dataset, [0.2, 0.8], generator)
    return train_data, val_data


def globally_seeded(dataset):
    torch.manual_seed(13)
    train_data, val_data = random_split(dataset, [0.8, 0.2])
    return DataLoader(train_data, 16, shuffle=True), DataLoader(val_data, 16)


def draws_a_seed(dataset):
    generator = torch.Generator().manual_seed(torch.Generator().seed())
    train_data, val_data = random_split(dataset, [0.8, 0.2], generator)
    return DataLoader(train_data, 16, shuffle=True), DataLoader(val_data, 16)


page_dataset = TensorDataset(torch.rand(100, 1), torch.rand(100, 1))
page_generator = torch.Generator().manual_seed(13)


def no_return(dataset):
    loaders_lengths(dataset)
    print("done")


def takes_apart(dataset):
    generator = torch.Generator().manual_seed(13)
    x, y = dataset.tensors
    order = torch.randperm(len(x), generator=generator)
    n = int(0.8 * len(x))
    train_data = TensorDataset(x[order[:n]], y[order[:n]])
    val_data = TensorDataset(x[order[n:]], y[order[n:]])
    return DataLoader(train_data, 16, shuffle=True), DataLoader(val_data, 16)


def only_train(dataset):
    return loaders_lengths(dataset)[0]


def fixed_order(data, generator):
    rows = torch.randperm(len(data), generator=generator).tolist()
    return DataLoader(data, batch_size=16, sampler=rows)


SPLIT_LOADERS = Answers(
    right={
        "course": loaders_with(),
        "lengths": loaders_lengths,
        "by subset": loaders_by_subset,
        "class": Loaders(),
        "lambda": lambda dataset: loaders_with()(dataset),
        "rounded up": loaders_with(
            split=lambda dataset, generator: random_split(
                dataset,
                [-(-4 * len(dataset) // 5), len(dataset) // 5],
                generator,
            )
        ),
        "partial": functools.partial(loaders_with()),
        "samplers": loaders_by_samplers,
        "lists of rows": loaders_with(
            split=lambda dataset, generator: map(
                list, random_split(dataset, [0.8, 0.2], generator)
            )
        ),
        "validation rows sorted": loaders_with(
            val=lambda data: DataLoader(
                Subset(data.dataset, sorted(data.indices)), batch_size=16
            )
        ),
        "a second generator": loaders_with(
            train=lambda data, generator: DataLoader(
                data,
                batch_size=16,
                shuffle=True,
                generator=torch.Generator().manual_seed(7),
            )
        ),
        "the smaller part first": loaders_with(split=smaller_first),
    },
    wrong={
        "overlap": loaders_with(split=two_draws),
        "val_shuffled": loaders_with(
            val=lambda data: DataLoader(data, batch_size=16, shuffle=True)
        ),
        "train_not_shuffled": loaders_with(
            train=lambda data, generator: DataLoader(data, batch_size=16)
        ),
        "train_not_shuffled but once": loaders_with(train=fixed_order),
        "not_random": loaders_with(split=cut),
        "not_random every fifth": loaders_with(
            split=lambda dataset, generator: (
                Subset(dataset, [r for r in range(len(dataset)) if r % 5]),
                Subset(dataset, range(0, len(dataset), 5)),
            )
        ),
        "overlap as one has all": loaders_with(
            train=lambda data, generator: DataLoader(
                data.dataset, batch_size=16, shuffle=True
            )
        ),
        "no_pair but three": lambda dataset: (
            *loaders_lengths(dataset),
            len(dataset),
        ),
        "no_pair but a dictionary": lambda dataset: dict(
            zip(("train", "val"), loaders_lengths(dataset), strict=True)
        ),
        "unseeded": loaders_with(seed=lambda: page_generator),
        "unseeded at all": draws_a_seed,
        "global_seed": globally_seeded,
        "global_seed is missing": loaders_with(
            split=lambda dataset, generator: random_split(dataset, [0.8, 0.2])
        ),
        "other_seed": loaders_with(
            seed=lambda: torch.Generator().manual_seed(42)
        ),
        "drop_last": loaders_with(
            val=lambda data: DataLoader(data, batch_size=16, drop_last=True)
        ),
        "drop_last in training": loaders_with(
            train=lambda data, generator: DataLoader(
                data, batch_size=16, shuffle=True, drop_last=True
            )
        ),
        "rows_missing": loaders_with(split=loses_one),
        "whole_data_twice": loaders_with(
            split=lambda dataset, generator: (dataset, dataset)
        ),
        "order_swapped": loaders_with(result=lambda train, val: (val, train)),
        "sizes": loaders_with(
            split=lambda dataset, generator: random_split(
                dataset, [0.9, 0.1], generator
            )
        ),
        "fraction_off": loaders_with(
            split=lambda dataset, generator: random_split(
                dataset, [0.8, 1 - 0.8], generator
            )
        ),
        "lengths_do_not_add_up to 1": loaders_with(
            split=lambda dataset, generator: random_split(
                dataset, [0.8, 0.1], generator
            )
        ),
        "pass_fails": loaders_with(
            val=lambda data: DataLoader(data, 16, generator=13)
        ),
        "one_kind_only": takes_apart,
        "one_kind_only by indices": loaders_with(
            split=lambda dataset, generator: [
                TensorDataset(*dataset[part.indices])
                for part in random_split(dataset, [0.8, 0.2], generator)
            ]
        ),
        "hard_coded": loaders_with(split=hard_coded),
        "lengths_do_not_add_up": loaders_with(split=rounded_down),
        "batch_size": loaders_with(val=lambda data: DataLoader(data)),
        "batch_size whole": loaders_with(
            val=lambda data: DataLoader(data, batch_size=len(data))
        ),
        "no_loaders": loaders_with(
            result=lambda train, val: (list(train), list(val))
        ),
        "no_loaders but data sets": lambda dataset: random_split(
            dataset, [0.8, 0.2], torch.Generator().manual_seed(13)
        ),
        "no_pair": only_train,
        "returns_nothing": no_return,
        "other_data": lambda dataset: loaders_lengths(page_dataset),
        "signature": lambda x, y: loaders_lengths(TensorDataset(x, y)),
        "overlap as one part is in both": loaders_with(
            result=lambda train, val: (train, train)
        ),
        "other_data as row numbers": loaders_with(
            train=lambda data, generator: DataLoader(
                data.indices, batch_size=16, shuffle=True, generator=generator
            )
        ),
    },
)

ANSWERS = {"04.1": LARGEST_ERROR, "04.2": FEW_BATCHES, "04.3": SPLIT_LOADERS}
