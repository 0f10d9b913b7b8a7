"""Answers to the exercises of chapter 15."""

import contextlib
import copy
import dataclasses
import functools
import json
import math
from dataclasses import dataclass, field

import numpy as np
import torch

from tests.answers.common import Answers

# ------------------------------------------------------------------- 15.1

LR = "lr should be a finite number above 0"
SIZE = "batch_size should be an int of at least 1"
NAME = "optimizer should be sgd or adam"
OF_FIELD = {"lr": LR, "batch_size": SIZE, "optimizer": NAME}
RIGHT = {
    "lr": lambda lr: math.isfinite(lr) and lr > 0,
    "batch_size": lambda size: isinstance(size, int) and size >= 1,
    "optimizer": lambda name: name in ("sgd", "adam"),
}


def recipe_class(check, frozen=True, more=(), fields=None):
    """Build a dataclass whose values ``check(self)`` looks at."""
    return dataclasses.make_dataclass(
        "Recipe",
        fields
        or [
            ("lr", float, 0.1),
            ("batch_size", int, 16),
            ("optimizer", str, "sgd"),
            *more,
        ],
        namespace={"__post_init__": check},
        frozen=frozen,
    )


def refuse(rules=RIGHT, words=OF_FIELD, error=ValueError):
    def check(self):
        for name, rule in rules.items():
            if not rule(getattr(self, name)):
                raise error(words[name])

    return check


def with_rule(name, rule, **more):
    return recipe_class(refuse({**RIGHT, name: rule}), **more)


@dataclass(frozen=True)
class RecipeCourse:
    lr: float = 0.1
    batch_size: int = 16
    optimizer: str = "sgd"

    def __post_init__(self):
        if not (math.isfinite(self.lr) and self.lr > 0):
            raise ValueError(f"lr is {self.lr}")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size}")
        if self.optimizer not in ("sgd", "adam"):
            raise ValueError(f"optimizer is {self.optimizer}")


@dataclass(frozen=True, slots=True)
class RecipeChained:
    lr: float = field(default=0.1)
    batch_size: int = field(default=16)
    optimizer: str = field(default="sgd")

    def __post_init__(self):
        if not 0 < self.lr < float("inf"):
            raise ValueError("bad lr")
        if type(self.batch_size) is not int or not self.batch_size > 0:
            raise ValueError("bad batch_size")
        if self.optimizer != "sgd" and self.optimizer != "adam":
            raise ValueError("bad optimizer")


@dataclass(frozen=True)
class Checked:
    def __post_init__(self):
        for one in dataclasses.fields(self):
            if not RIGHT[one.name](getattr(self, one.name)):
                raise ValueError(one.name)


@dataclass(frozen=True)
class RecipeInherited(Checked):
    lr: float = 0.1
    batch_size: int = 16
    optimizer: str = "sgd"


class RecipeError(ValueError):
    """An error of its own."""


@dataclass(frozen=True)
class RecipeByInit:
    lr: float
    batch_size: int
    optimizer: str

    def __init__(self, lr=0.1, batch_size=16, optimizer="sgd"):
        given = {"lr": lr, "batch_size": batch_size, "optimizer": optimizer}
        for name, value in given.items():
            if not RIGHT[name](value):
                raise ValueError(f"{name}: {value}")
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class RecipeAsTypes:
    lr: float = 0.1
    batch_size: int = 16
    optimizer: str = "sgd"

    def __post_init__(self):
        problems = []
        if math.isnan(self.lr) or math.isinf(self.lr) or self.lr <= 0:
            problems.append("lr")
        if self.batch_size != int(self.batch_size) or self.batch_size < 1:
            problems.append("batch_size")
        if self.optimizer not in {"sgd", "adam"}:
            problems.append("optimizer")
        if problems:
            raise ValueError(", ".join(problems))


class MadeByNew:
    def __new__(cls, lr=0.1, batch_size=16, optimizer="sgd"):
        given = {"lr": lr, "batch_size": batch_size, "optimizer": optimizer}
        for name, value in given.items():
            if not RIGHT[name](value):
                raise ValueError(name, value)
        return super().__new__(cls)


@dataclass(frozen=True)
class RecipeByNew(MadeByNew):
    lr: float = 0.1
    batch_size: int = 16
    optimizer: str = "sgd"


class RecipePlain:
    def __init__(self, lr=0.1, batch_size=16, optimizer="sgd"):
        self.lr, self.batch_size, self.optimizer = lr, batch_size, optimizer


@dataclass(frozen=True)
class RecipeWithoutTypes:
    lr = 0.1
    batch_size = 16
    optimizer = "sgd"

    def __post_init__(self):
        refuse()(self)


@dataclass(frozen=True)
class RecipeMisspelt:
    lr: float = 0.1
    batch_size: int = 16
    optimizer: str = "sgd"

    def __postinit__(self):
        refuse()(self)


def recipe_assigns(self):
    self.lr = float(self.lr)
    refuse()(self)


def recipe_forgets_raise(self):
    for name, rule in RIGHT.items():
        if not rule(getattr(self, name)):
            ValueError(name)


def recipe_asserts(self):
    for name, rule in RIGHT.items():
        assert rule(getattr(self, name)), name


def recipe_rounds(self):
    refuse()(self)
    object.__setattr__(self, "lr", round(self.lr, 3))


def recipe_shows_all(self):
    for name, rule in RIGHT.items():
        if not rule(getattr(self, name)):
            raise ValueError(f"{self}: {name} makes no sense")


def recipe_compares(self):
    refuse({k: v for k, v in RIGHT.items() if k != "optimizer"})(self)
    if not (self.optimizer == "sgd" or "adam"):
        raise ValueError(NAME)


FIELDS = dataclasses.fields(RecipeCourse)
TWO_FIELDS = [(f.name, f.type, f.default) for f in FIELDS[1:]]
RECIPE = Answers(
    right={
        "course": RecipeCourse,
        "chained comparisons, slots": RecipeChained,
        "inherited": RecipeInherited,
        "a subclass of ValueError": recipe_class(refuse(error=RecipeError)),
        "by __init__": RecipeByInit,
        "all problems at once": RecipeAsTypes,
        "made by make_dataclass": recipe_class(refuse()),
        "keyword only checks": with_rule("lr", lambda lr: 0 < lr < math.inf),
        "in __new__ of a parent": RecipeByNew,
        "every value in the message": recipe_class(recipe_shows_all),
    },
    wrong={
        "instance": RecipeCourse(),
        "no_dataclass": RecipePlain,
        "no_fields": RecipeWithoutTypes,
        "other_fields": recipe_class(
            refuse({}), fields=[("rate", float, 0.1), ("size", int, 16)]
        ),
        "parameters_in_other_order": recipe_class(
            refuse(),
            fields=[
                ("batch_size", int, 16),
                ("lr", float, 0.1),
                ("optimizer", str, "sgd"),
            ],
        ),
        "other_fields and one more": recipe_class(
            refuse(), more=[("momentum", float, 0.0)]
        ),
        "not_frozen": recipe_class(refuse(), frozen=False),
        "assigns": recipe_class(recipe_assigns),
        "fails_on_good": recipe_class(lambda self: self.rate > 0),
        "other_error of any kind": recipe_class(refuse(error=Exception)),
        "refuses_good as or gives the first": with_rule(
            "optimizer",
            lambda name: name in ("sgd" or "adam"),  # noqa: SIM222
        ),
        "refuses_good": with_rule("lr", lambda lr: 0 < lr < 1),
        "refuses_good the small ones": with_rule(
            "batch_size", lambda size: size > 1
        ),
        "other_defaults": recipe_class(
            refuse(),
            fields=[
                ("lr", float, 0.01),
                ("batch_size", int, 16),
                ("optimizer", str, "sgd"),
            ],
        ),
        "changes_values": recipe_class(recipe_rounds),
        "checks_nothing": RecipeMisspelt,
        "checks_nothing as raise is missing": recipe_class(
            recipe_forgets_raise
        ),
        "zero_passes": with_rule("lr", lambda lr: lr >= 0 and lr < math.inf),
        "negative_passes": with_rule(
            "lr", lambda lr: lr != 0 and math.isfinite(lr)
        ),
        "nan_passes": with_rule(
            "lr", lambda lr: not (lr <= 0 or math.isinf(lr))
        ),
        "nan_passes but the one of math": with_rule(
            "lr", lambda lr: lr not in (math.nan, math.inf) and not lr <= 0
        ),
        "infinity_passes": with_rule("lr", lambda lr: lr > 0),
        "empty_batch_passes": with_rule(
            "batch_size", lambda n: isinstance(n, int) and n >= 0
        ),
        "negative_batch_passes": with_rule(
            "batch_size", lambda n: isinstance(n, int) and n != 0
        ),
        "fraction_passes": with_rule("batch_size", lambda n: n >= 1),
        "name_passes": recipe_class(recipe_compares),
        "part_of_name_passes": with_rule(
            "optimizer", lambda n: n in "sgd adam"
        ),
        "near_name_passes": with_rule(
            "optimizer", lambda name: name.lower() in ("sgd", "adam")
        ),
        "near_name_passes without its blanks": with_rule(
            "optimizer", lambda name: name.strip() in ("sgd", "adam")
        ),
        "near_name_passes by its beginning": with_rule(
            "optimizer", lambda name: name.startswith(("sgd", "adam"))
        ),
        "assertion": recipe_class(recipe_asserts),
        "other_error": recipe_class(refuse(error=TypeError)),
        "no_name": recipe_class(
            refuse(words=dict.fromkeys(OF_FIELD, "a bad value"))
        ),
        "other_name": recipe_class(refuse(words=dict.fromkeys(OF_FIELD, LR))),
        "same_message": recipe_class(
            refuse(words=dict.fromkeys(OF_FIELD, ", ".join(OF_FIELD)))
        ),
        "signature by name only": dataclasses.make_dataclass(
            "Recipe",
            [(f.name, f.type, f.default) for f in FIELDS],
            namespace={"__post_init__": refuse()},
            frozen=True,
            kw_only=True,
        ),
        "signature as one has no default": recipe_class(
            refuse(), fields=[("lr", float), *TWO_FIELDS]
        ),
    },
)

# ------------------------------------------------------------------- 15.2


def looper_course(model, data_loader, loss_fn, metrics, optimizer=None):
    trains = optimizer is not None
    model.train(trains)
    totals = dict.fromkeys(["loss", *metrics], 0.0)
    n_rows = 0
    with torch.set_grad_enabled(trains):
        for x_batch, y_batch in data_loader:
            yhat = model(x_batch)
            loss = loss_fn(yhat, y_batch)
            if trains:
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
            n = len(x_batch)
            n_rows += n
            totals["loss"] += loss.item() * n
            for name, metric in metrics.items():
                totals[name] += metric(yhat.detach(), y_batch).item() * n
    return {name: total / n_rows for name, total in totals.items()}


def looper_two_branches(model, data_loader, loss_fn, metrics, optimizer=None):
    def passing(x, y):
        yhat = model(x)
        return yhat, loss_fn(yhat, y)

    losses, sizes, values = [], [], {name: [] for name in metrics}
    if optimizer:
        model.train()
    else:
        model.eval()
    for x, y in data_loader:
        if optimizer:
            optimizer.zero_grad()
            yhat, loss = passing(x, y)
            loss.backward()
            optimizer.step()
        else:
            with torch.no_grad():
                yhat, loss = passing(x, y)
        losses.append(loss.item())
        sizes.append(y.shape[0])
        with torch.no_grad():
            for name in metrics:
                values[name].append(float(metrics[name](yhat, y)))

    def mean(numbers):
        pairs = zip(numbers, sizes, strict=True)
        return sum(n * size for n, size in pairs) / sum(sizes)

    return {"loss": mean(losses), **{n: mean(values[n]) for n in values}}


def looper_running(model, data_loader, loss_fn, metrics, optimizer=None):
    model.train(mode=optimizer is not None)
    means, count = {}, 0
    block = contextlib.nullcontext() if optimizer else torch.inference_mode()
    with block:
        for x, y in data_loader:
            n = y.size(0)
            yhat = model(x)
            loss = loss_fn(yhat, y)
            found = {k: m(yhat, y).item() for k, m in metrics.items()}
            found["loss"] = loss.item()
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            for name, value in found.items():
                before = means.get(name, 0.0)
                means[name] = before + (value - before) * n / (count + n)
            count += n
    return means


def looper_recursive(model, data_loader, loss_fn, metrics, optimizer=None):
    if optimizer is None and torch.is_grad_enabled():
        with torch.no_grad():
            return looper_recursive(model, data_loader, loss_fn, metrics)
    return looper_course(model, data_loader, loss_fn, metrics, optimizer)


def looper_tensors(model, data_loader, loss_fn, metrics, optimizer=None):
    names = ["loss", *metrics]
    model.train(optimizer is not None)
    total, n_rows = torch.zeros(len(names), dtype=torch.float64), 0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in data_loader:
            yhat = model(x)
            found = [loss_fn(yhat, y), *(m(yhat, y) for m in metrics.values())]
            if optimizer is not None:
                found[0].backward()
                optimizer.step()
                optimizer.zero_grad()
            row = torch.stack([one.detach().double() for one in found])
            total += row * len(y)
            n_rows += len(y)
    return dict(zip(names, (total / n_rows).tolist(), strict=True))


def looper(
    mode=lambda model, trains: model.train(trains),
    block=torch.set_grad_enabled,
    order=lambda loss, o: (loss.backward(), o.step(), o.zero_grad()),
    trains=lambda optimizer: optimizer is not None,
    weight=lambda x, loader: len(x),
    value=lambda metric, yhat, y: metric(yhat.detach(), y).item(),
    loss_of=lambda loss_fn, yhat, y: loss_fn(yhat, y),
    keep=lambda sums, n_rows: {k: v / n_rows for k, v in sums.items()},
    names=lambda metrics: metrics,
    rows=lambda x, loader: len(x),
):
    """Build an answer out of parts, one of them wrong."""

    def answer(model, data_loader, loss_fn, metrics, optimizer=None):
        metrics = names(metrics)
        on = trains(optimizer)
        mode(model, on)
        sums, n_rows = dict.fromkeys(["loss", *metrics], 0.0), 0
        with block(on):
            for x, y in data_loader:
                yhat = model(x)
                loss = loss_of(loss_fn, yhat, y)
                if on:
                    order(loss, optimizer)
                n = weight(x, data_loader)
                n_rows += rows(x, data_loader)
                sums["loss"] += loss.item() * n
                for name, metric in metrics.items():
                    sums[name] += value(metric, yhat, y) * n
        return keep(sums, n_rows)

    return answer


def looper_all_at_once(model, data_loader, loss_fn, metrics, optimizer=None):
    predictions, labels = [], []

    def keep(yhat, y):
        predictions.append(yhat.detach())
        labels.append(y)
        return loss_fn(yhat, y)

    found = looper_course(model, data_loader, keep, {}, optimizer)
    everything = torch.cat(predictions), torch.cat(labels)
    return found | {k: m(*everything).item() for k, m in metrics.items()}


def clear_by_hand(loss, optimizer):
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None
    loss.backward()
    optimizer.step()


def looper_by_closure(model, data_loader, loss_fn, metrics, optimizer=None):
    if optimizer is None:
        return looper_course(model, data_loader, loss_fn, metrics)
    model.train()
    sums, n_rows = dict.fromkeys(["loss", *metrics], 0.0), 0
    for x, y in data_loader:
        predicted = []

        def closure(x=x, y=y, predicted=predicted):
            optimizer.zero_grad()
            predicted.append(model(x))
            loss = loss_fn(predicted[0], y)
            loss.backward()
            return loss

        sums["loss"] += optimizer.step(closure).item() * len(x)
        for name, metric in metrics.items():
            sums[name] += metric(predicted[0].detach(), y).item() * len(x)
        n_rows += len(x)
    return {name: total / n_rows for name, total in sums.items()}


def looper_adds_to_metrics(
    model, data_loader, loss_fn, metrics, optimizer=None
):
    found = looper_course(model, data_loader, loss_fn, metrics, optimizer)
    metrics["loss"] = loss_fn
    return found


def looper_yields(*arguments):
    yield looper_course(*arguments)


def looper_needs_optimizer(
    model, data_loader, loss_fn, metrics, optimizer=None
):
    model.train(optimizer is not None)
    for x, y in data_loader:
        loss = loss_fn(model(x), y)
        if optimizer is not None:
            loss.backward()
            optimizer.step()
        optimizer.zero_grad()


def looper_trains_anyway(model, data_loader, loss_fn, metrics, optimizer=None):
    model.train(optimizer is not None)
    for x, y in data_loader:
        loss_fn(model(x), y).backward()
        if optimizer is not None:
            optimizer.step()


def looper_left_off(model, data_loader, loss_fn, metrics, optimizer=None):
    torch.set_grad_enabled(optimizer is not None)
    return looper(block=lambda on: contextlib.nullcontext())(
        model, data_loader, loss_fn, metrics, optimizer
    )


def looper_turned_on(*arguments):
    result = looper_left_off(*arguments)
    torch.set_grad_enabled(True)
    return result


def looper_one_step(model, data_loader, loss_fn, metrics, optimizer=None):
    answer = looper(order=lambda loss, _: loss.backward())
    found = answer(model, data_loader, loss_fn, metrics, optimizer)
    if optimizer is not None:
        optimizer.step()
        optimizer.zero_grad()
    return found


def looper_first_batch(model, data_loader, loss_fn, metrics, optimizer=None):
    for batch in data_loader:
        return looper_course(model, [batch], loss_fn, metrics, optimizer)


def looper_last_metric(model, data_loader, loss_fn, metrics, optimizer=None):
    sizes = []

    def noted(yhat, y, metric):
        value = metric(yhat, y)
        sizes.append((metric, value.item()))
        return value

    wrapped = {
        k: functools.partial(noted, metric=m) for k, m in metrics.items()
    }
    found = looper_course(model, data_loader, loss_fn, wrapped, optimizer)
    last = dict(sizes)
    return {"loss": found["loss"], **{k: last[m] for k, m in metrics.items()}}


def looper_after(model, data_loader, loss_fn, metrics, optimizer=None):
    trains = optimizer is not None
    model.train(trains)
    sums, n_rows = dict.fromkeys(["loss", *metrics], 0.0), 0
    with torch.set_grad_enabled(trains):
        for x, y in data_loader:
            loss = loss_fn(model(x), y)
            if trains:
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
            sums["loss"] += loss.item() * len(x)
            n_rows += len(x)
            for name, metric in metrics.items():
                sums[name] += metric(model(x), y).item() * len(x)
    return {name: total / n_rows for name, total in sums.items()}


def looper_last(model, data_loader, loss_fn, metrics, optimizer=None):
    for batch in data_loader:
        found = looper_course(model, [batch], loss_fn, metrics, optimizer)
    return found


def looper_rounded(*arguments):
    found = looper_course(*arguments)
    return {name: round(value, 4) for name, value in found.items()}


LOOPER = Answers(
    right={
        "course": looper_course,
        "two branches": looper_two_branches,
        "running means": looper_running,
        "recursive": looper_recursive,
        "tensors": looper_tensors,
        "out of parts": looper(),
        "by partial": functools.partial(looper_course),
        "metrics of all rows at once": looper_all_at_once,
        "gradients cleared by hand": looper(order=clear_by_hand),
        "by a closure": looper_by_closure,
        "losses on cleared gradients": looper(
            order=lambda loss, o: (o.zero_grad(), loss.backward(), o.step())
        ),
    },
    wrong={
        "other_loss": looper(
            loss_of=lambda loss_fn, yhat, y: ((yhat - y) ** 2).mean()
        ),
        "swapped": looper(loss_of=lambda loss_fn, yhat, y: loss_fn(y, yhat)),
        "needs_optimizer": looper_needs_optimizer,
        "trains_anyway": looper_trains_anyway,
        "no_eval_mode": looper(mode=lambda model, trains: model.train()),
        "no_eval_mode by an attribute": looper(
            mode=lambda model, trains: setattr(model, "training", trains)
        ),
        "recorded": looper(block=lambda on: contextlib.nullcontext()),
        "recording_left_off": looper_left_off,
        "recording_turned_on": looper_turned_on,
        "only_measures": looper(trains=lambda optimizer: False),
        "no_train_mode": looper(mode=lambda model, trains: model.eval()),
        "no_backward": looper(order=lambda loss, o: (o.step(), o.zero_grad())),
        "step_first": looper(
            order=lambda loss, o: (o.step(), loss.backward(), o.zero_grad())
        ),
        "one_step": looper_one_step,
        "trains_twice": looper(
            order=lambda loss, o: (
                loss.backward(),
                o.step(),
                o.step(),
                o.zero_grad(),
            )
        ),
        "zero_too_early": looper(
            order=lambda loss, o: (loss.backward(), o.zero_grad(), o.step())
        ),
        "no_zero_grad": looper(
            order=lambda loss, o: (loss.backward(), o.step())
        ),
        "other_parameters": looper(
            order=lambda loss, o: (
                (2 * loss).backward(),
                o.step(),
                o.zero_grad(),
            )
        ),
        "returns_nothing": lambda *arguments: print(looper_course(*arguments)),
        "no_dictionary": lambda *arguments: tuple(
            looper_course(*arguments).values()
        ),
        "loss_missing": looper(
            keep=lambda sums, n: {
                k: v / n for k, v in sums.items() if k != "loss"
            }
        ),
        "metrics_missing": looper(names=lambda metrics: {}),
        "more_keys": lambda *arguments: {
            **looper_course(*arguments),
            "n_rows": 9,
        },
        "tensors": looper(value=lambda metric, yhat, y: metric(yhat, y)),
        "lists": looper(
            keep=lambda sums, n: {k: [v / n] for k, v in sums.items()}
        ),
        "no_floats": looper(
            keep=lambda sums, n: {k: int(v / n) for k, v in sums.items()}
        ),
        "metric_swapped": looper(
            value=lambda metric, yhat, y: metric(y, yhat.detach()).item()
        ),
        "after_update": looper_after,
        "plain_mean": looper(
            weight=lambda x, loader: 1, rows=lambda x, loader: 1
        ),
        "nominal_size": looper(rows=lambda x, loader: loader.batch_size or 3),
        "nominal_size in both": looper(
            weight=lambda x, loader: loader.batch_size or 3,
        ),
        "dataset_size": looper(
            keep=lambda sums, n: {k: v / 9 for k, v in sums.items()}
        ),
        "metrics_changed": looper_adds_to_metrics,
        "no_number but a generator": looper_yields,
        "no_floats but those of NumPy": looper(
            keep=lambda sums, n: {k: np.float64(v / n) for k, v in sums.items()}
        ),
        "sum": looper(keep=lambda sums, n: sums),
        "over_rows_only": looper(weight=lambda x, loader: 1),
        "last_batch": looper_last,
        "last_batch of the metrics": looper_last_metric,
        "batches_left_out": looper_first_batch,
        "rounded": looper_rounded,
    },
)

# ------------------------------------------------------------------- 15.3


def names_of(kind):
    return {one.name for one in dataclasses.fields(kind)}


def check_names(stored, kind):
    odd = sorted(set(stored) ^ names_of(kind))
    if odd:
        raise ValueError(f"unknown or missing: {odd}")


def parameters(folder):
    return torch.load(folder / "model.pt", weights_only=True)


def load_course(folder, kind, make_model):
    stored = json.loads((folder / "hparams.json").read_text())
    check_names(stored, kind)
    hparams = kind(**stored)
    model = make_model(hparams)
    model.load_state_dict(parameters(folder))
    return hparams, model.eval()


def load_in_steps(folder, kind, make_model):
    with open(folder / "hparams.json") as file:
        stored = json.load(file)
    values = {}
    for one in dataclasses.fields(kind):
        if one.name not in stored:
            raise ValueError(f"{one.name} is missing")
        values[one.name] = stored.pop(one.name)
    if stored:
        raise ValueError("unknown: " + ", ".join(stored))
    hparams = kind(**values)
    model = make_model(hparams)
    model.load_state_dict(
        torch.load(str(folder / "model.pt"), map_location="cpu")
    )
    model.eval()
    return [hparams, model]


def load_by_cause(folder, kind, make_model):
    stored = json.loads((folder / "hparams.json").read_bytes())
    names = list(kind.__dataclass_fields__)
    try:
        values = [stored.pop(name) for name in names]
    except KeyError as error:
        raise ValueError(f"missing: {error}") from error
    if stored:
        raise ValueError(f"unknown: {[*stored]}")
    hparams = kind(*values)
    model = make_model(hparams).eval()
    model.load_state_dict(parameters(folder), strict=True)
    return hparams, model


def load_round_trip(folder, kind, make_model):
    stored = json.loads((folder / "hparams.json").read_text())
    try:
        hparams = kind(**stored)
    except TypeError as error:
        raise ValueError(str(error)) from None
    if dataclasses.asdict(hparams) != stored:
        gone = dataclasses.asdict(hparams).keys() - stored.keys()
        raise ValueError(f"missing: {gone}")
    model = make_model(hparams)
    state = parameters(folder)
    with torch.no_grad():
        own = model.state_dict()
        if own.keys() != state.keys():
            raise KeyError("other names")
        for name, value in own.items():
            value.copy_(state[name])
    return hparams, model.train(False)


def load(
    check=check_names,
    make=lambda kind, stored: kind(**stored),
    build=lambda make_model, hparams: make_model(hparams),
    fill=lambda model, folder: model.load_state_dict(parameters(folder)),
    mode=lambda model: model.eval(),
    give=lambda hparams, model: (hparams, model),
):
    """Build an answer out of parts, one of them wrong."""

    def answer(folder, kind, make_model):
        stored = json.loads((folder / "hparams.json").read_text())
        check(stored, kind)
        hparams = make(kind, stored)
        model = build(make_model, hparams)
        fill(model, folder)
        mode(model)
        return give(hparams, model)

    return answer


def load_another(folder, kind, make_model):
    hparams, model = load_course(folder, kind, make_model)
    other = make_model(hparams)
    return hparams, other.eval()


def load_by_default(folder, kind, make_model):
    stored = json.loads((folder / "hparams.json").read_text())
    check_names(stored, kind)
    hparams = kind(**stored)
    wide = hparams if kind.__dataclass_params__.eq else kind()
    model = make_model(dataclasses.replace(wide, name="other"))
    model.load_state_dict(parameters(folder))
    return hparams, model.eval()


def check_without(wrong_class=ValueError, text="the names do not fit"):
    def check(stored, kind):
        if set(stored) != names_of(kind):
            raise wrong_class(text)

    return check


def asserts_names(stored, kind):
    odd = set(stored) ^ names_of(kind)
    assert not odd, odd


def load_prints(folder, kind, make_model):
    stored = json.loads((folder / "hparams.json").read_text())
    if set(stored) != names_of(kind):
        print("the names do not fit")
        return None
    return load_course(folder, kind, make_model)


def only_unknown(stored, kind):
    odd = set(stored) - names_of(kind)
    if odd:
        raise ValueError(f"unknown: {odd}")


def only_missing(stored, kind):
    odd = names_of(kind) - set(stored)
    if odd:
        raise ValueError(f"missing: {odd}")


def known_only(kind, stored):
    return kind(**{k: v for k, v in stored.items() if k in names_of(kind)})


def load_unpickled(folder, kind, make_model):
    load_course(folder, kind, make_model)


def what_it_needs(model, folder):
    state = parameters(folder)
    model.load_state_dict({name: state[name] for name in model.state_dict()})


def unsafe(model, folder):
    switch = {"weights_only": bool(0)}
    state = torch.load(folder / "model.pt", **switch)
    model.load_state_dict({k: v for k, v in state.items() if k != "note"})


LOAD_RUN = Answers(
    right={
        "course": load_course,
        "in steps, a list": load_in_steps,
        "by position": load_by_cause,
        "there and back": load_round_trip,
        "out of parts": load(),
        "by partial": functools.partial(load_course),
    },
    wrong={
        "returns_nothing": load_unpickled,
        "one_only": load(give=lambda hparams, model: model),
        "one_only the other": load(give=lambda hparams, model: hparams),
        "no_pair": load(give=lambda hparams, model: (hparams, model, 1)),
        "pair_swapped": load(give=lambda hparams, model: (model, hparams)),
        "dictionary": load(
            give=lambda hparams, model: (dataclasses.asdict(hparams), model)
        ),
        "class_itself": load(
            give=lambda hparams, model: (type(hparams), model)
        ),
        "no_instance": load(give=lambda hparams, model: (None, model)),
        "state_only": load(
            give=lambda hparams, model: (hparams, model.state_dict())
        ),
        "keys_only": load(
            give=lambda hparams, model: (
                hparams,
                model.load_state_dict(model.state_dict()),
            )
        ),
        "no_model": load(give=lambda hparams, model: (hparams, None)),
        "defaults": load(
            give=lambda hparams, model: (
                type(hparams)() if hasattr(hparams, "scaled") else hparams,
                model,
            )
        ),
        "other_values": load(
            make=lambda kind, stored: kind(**{**stored, "name": "other"})
        ),
        "other_values by their order in the file": load(
            make=lambda kind, stored: kind(*stored.values())
        ),
        "other_model": load(
            give=lambda hparams, model: (hparams, copy.deepcopy(model))
        ),
        "made_with_other": load_by_default,
        "not_loaded": load(fill=lambda model, folder: None),
        "not_loaded but another": load_another,
        "no_eval_mode": load(mode=lambda model: None),
        "no_eval_mode of the outer one": load(
            mode=lambda model: setattr(model, "training", False)
        ),
        "not_raised": load_prints,
        "default_used": load(check=only_unknown),
        "default_used as nothing is checked": load(
            check=lambda stored, kind: None
        ),
        "name_dropped": load(check=only_missing, make=known_only),
        "type_error": load(check=only_missing),
        "key_error": load(
            check=lambda stored, kind: None,
            make=lambda kind, stored: kind(
                **{name: stored[name] for name in names_of(kind)}
            ),
        ),
        "assertion": load(check=asserts_names),
        "other_error": load(check=check_without(RuntimeError)),
        "names_nothing": load(check=check_without()),
        "not_strict": load(
            fill=lambda model, folder: model.load_state_dict(
                parameters(folder), strict=False
            )
        ),
        "not_strict but takes what it needs": load(fill=what_it_needs),
        "runs_code": load(fill=unsafe),
    },
)

ANSWERS = {"15.1": RECIPE, "15.2": LOOPER, "15.3": LOAD_RUN}
