"""Answers to the tasks of challenge 1."""

import contextlib
import copy
import csv
import functools
import itertools
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split
from torch.utils.tensorboard import SummaryWriter

from helpers.datasets import CSVDataset
from helpers.datasets.rides import HELD_OUT, RIDES
from helpers.mini_batch.v1 import mini_batch
from helpers.runs import run_folder
from helpers.step_functions import make_train_step_fn, make_val_step_fn
from tests.answers import chapter_01, chapter_04, chapter_05
from tests.answers.common import Answers

SCALE = torch.tensor([20.0, 300.0, 100.0])

# ------------------------------------------------------------------- C1.2


def table(path):
    with open(path, newline="", encoding="ascii") as file:
        rows = list(csv.reader(file))
    return torch.tensor([[float(n) for n in row] for row in rows[1:]])


class Rides(Dataset):
    """The data set of the solution, with what a wrong one does otherwise."""

    features, label = slice(0, 2), slice(2, 3)
    scale = SCALE

    def __init__(self, path):
        self.numbers = table(path) / self.scale

    def __getitem__(self, index):
        row = self.numbers[index]
        return row[self.features], row[self.label]

    def __len__(self):
        return len(self.numbers)


class RidesOnDemand:
    """No base class, and a row is read when it is asked for."""

    def __init__(self, path):
        self.path = path
        with open(path) as file:
            self.n = sum(1 for _ in file) - 1

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if not -self.n <= index < self.n:
            raise IndexError(index)
        with open(self.path) as file:
            line = file.readlines()[1 + index % self.n]
        km, metres, charge = map(float, line.split(","))
        x = torch.tensor([km / 20, metres / 300])
        return x, torch.tensor([charge / 100])


def rides_as_tensor_dataset(path):
    numbers = table(path) / SCALE
    return TensorDataset(numbers[:, :2], numbers[:, 2:])


def rides_as_list(path):
    numbers = np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32)
    numbers /= np.array([20, 300, 100], dtype=np.float32)
    return [
        (torch.from_numpy(row[:2]), torch.from_numpy(row[2:]))
        for row in numbers
    ]


class EmptiesTheFile(Rides):
    def __init__(self, path):
        with open(path, "w+") as file:
            rows = [line.split(",") for line in file][1:]
        self.numbers = torch.tensor([[float(n) for n in row] for row in rows])


class AsksForMore(Rides):
    def __init__(self, path):
        with open(path) as file:
            lines = list(file)
            next(file)
        self.numbers = lines


class RidesByName(Rides):
    def __init__(self, path):
        names = ("distance_km", "climb_m", "charge_percent")
        with open(path, newline="") as file:
            rows = [[float(r[n]) for n in names] for r in csv.DictReader(file)]
        self.numbers = torch.tensor(rows) / self.scale


class ForgetsReturn(Rides):
    def __getitem__(self, index):
        row = self.numbers[index]
        _ = row[:2], row[2:]


class NoLength(Rides):
    __len__ = None


class HeaderCounted(Rides):
    def __len__(self):
        return len(self.numbers) + 1


class NoPair(Rides):
    def __getitem__(self, index):
        return self.numbers[index]


class PlainNumbers(Rides):
    def __getitem__(self, index):
        return self.numbers[index][:2].tolist(), self.numbers[index][2].item()


class Double(Rides):
    def __getitem__(self, index):
        row = self.numbers[index].double()
        return row[:2], row[2:]


class ScalarLabel(Rides):
    label = 2


class AllFeatures(Rides):
    features = slice(0, 3)


class Unscaled(Rides):
    scale = torch.ones(3)


class LabelUnscaled(Rides):
    scale = torch.tensor([20.0, 300.0, 1.0])


class FeaturesUnscaled(Rides):
    scale = torch.tensor([1.0, 1.0, 100.0])


class Multiplied(Rides):
    scale = 1 / SCALE


class ByMaximum(Rides):
    def __init__(self, path):
        numbers = table(path)
        self.numbers = numbers / numbers.max(dim=0).values


class Swapped(Rides):
    def __getitem__(self, index):
        row = self.numbers[index]
        return row[:2].flip(0), row[2:]


class NoNegative(Rides):
    def __getitem__(self, index):
        if index < 0:
            raise IndexError(index)
        return super().__getitem__(index)


class IgnoresTheSign(Rides):
    def __getitem__(self, index):
        return super().__getitem__(abs(index))


class LoopsBackwards(Rides):
    def __iter__(self):
        return (self[index] for index in reversed(range(len(self))))


class OtherError(Rides):
    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise ValueError(index)
        return super().__getitem__(index)


class WrapsAround(Rides):
    def __getitem__(self, index):
        return super().__getitem__(index % len(self))


class OneFile(Rides):
    def __init__(self, path):
        numbers = [[8.0, 120, 30.0], [19.5, 15, 41.5], [3.2, 290, 22.0]]
        self.numbers = torch.tensor(numbers) / SCALE


class KeptInClass(Rides):
    def __init__(self, path):
        type(self).numbers = table(path) / self.scale


class OneBuffer(Rides):
    def __init__(self, path):
        super().__init__(path)
        self.buffer = torch.empty(3)

    def __getitem__(self, index):
        self.buffer.copy_(self.numbers[index])
        return self.buffer[:2], self.buffer[2:]


class ScalesInPlace(Rides):
    def __init__(self, path):
        self.numbers = table(path)

    def __getitem__(self, index):
        row = self.numbers[index]
        row /= SCALE
        return row[:2], row[2:]


class LabelFirst(Rides):
    def __getitem__(self, index):
        return super().__getitem__(index)[::-1]


class NoItems(Dataset):
    __init__, __len__ = Rides.__init__, Rides.__len__
    scale = SCALE


class LengthWithoutSelf(Rides):
    def __len__():
        return 3


class LoopsShort(Rides):
    def __iter__(self):
        return (self[index] for index in range(len(self) - 1))


class FirstOnly(Rides):
    def __getitems__(self, indices):
        return [self[0] for _ in indices]


class NothingKept(Rides):
    def __init__(self, path):
        numbers = table(path) / self.scale


class RidesFromHelpers(CSVDataset):
    def __getitem__(self, index):
        features, label = super().__getitem__(index)
        return features / SCALE[:2], label / SCALE[2:]

    def close(self):
        pass


class Half(Dataset):
    def __init__(self, path):
        self.numbers = table(path) / SCALE

    def __getitem__(self, index): ...

    def __len__(self):
        return len(self.numbers)


DATASET = Answers(
    right={
        "course": Rides,
        "on demand, without a base class": RidesOnDemand,
        "a function and TensorDataset": rides_as_tensor_dataset,
        "a list of tuples": rides_as_list,
        "columns by name": RidesByName,
        "partial": functools.partial(Rides),
        "the course's, scaled": RidesFromHelpers,
    },
    wrong={
        "overwrites": EmptiesTheFile,
        "raises as nothing is left": AsksForMore,
        "no_pair but nothing": ForgetsReturn,
        "no_length": NoLength,
        "wrong_length": HeaderCounted,
        "wrong_length as the path is ignored": OneFile,
        "no_pair": NoPair,
        "no_tensor": PlainNumbers,
        "dtype": Double,
        "label_shape": ScalarLabel,
        "features_shape": AllFeatures,
        "not_scaled": Unscaled,
        "label_not_scaled": LabelUnscaled,
        "features_not_scaled": FeaturesUnscaled,
        "multiplied": Multiplied,
        "other_values": ByMaximum,
        "columns_swapped": Swapped,
        "no_negative": NoNegative,
        "no_negative but another": IgnoresTheSign,
        "wrong_loop backwards": LoopsBackwards,
        "no_index_error": WrapsAround,
        "wrong_error": OtherError,
        "unfinished": Half,
        "shared": KeptInClass,
        "same_memory": OneBuffer,
        "in_place": ScalesInPlace,
        "swapped": LabelFirst,
        "no_items": NoItems,
        "no_length without self": LengthWithoutSelf,
        "wrong_loop": LoopsShort,
        "no_batch": FirstOnly,
        "not_kept": NothingKept,
        "no_pair but a list": type(
            "AsList",
            (Rides,),
            {"__getitem__": lambda self, i: list(Rides.__getitem__(self, i))},
        ),
        "signature as init is misspelt": type(
            "Misspelt", (Dataset,), {"__int__": Rides.__init__}
        ),
    },
)

# ------------------------------------------------------------------- C1.6


def train(
    device,
    train_step_fn,
    val_step_fn,
    train_loader,
    val_loader,
    n_epochs,
    after_epoch=None,
):
    losses, val_losses = [], []
    for epoch in range(n_epochs):
        losses.append(mini_batch(device, train_loader, train_step_fn))
        with torch.no_grad():
            loss = mini_batch(device, val_loader, val_step_fn)
        val_losses.append(loss)
        if after_epoch is not None:
            after_epoch(epoch, losses[-1], val_losses[-1])
    return losses, val_losses


class Loop:
    """A loop in pieces, so that one of them can be wrong."""

    order = ("train", "val")
    first = 0
    mini_batch = staticmethod(mini_batch)

    def __call__(
        self, device, train_fn, val_fn, train_loader, val_loader, n, after=None,
        *, after_epoch=None,
    ):  # fmt: skip
        self.given = device, train_fn, val_fn, train_loader, val_loader
        self.after = after or after_epoch
        self.losses, self.val_losses = [], []
        for epoch in range(n):
            for part in self.order:
                getattr(self, part)()
            self.tell(epoch)
        return self.result()

    def train(self):
        device, train_fn, _, train_loader, _ = self.given
        self.losses.append(self.mini_batch(device, train_loader, train_fn))

    def val(self):
        device, _, val_fn, _, val_loader = self.given
        with torch.no_grad():
            loss = self.mini_batch(device, val_loader, val_fn)
        self.val_losses.append(loss)

    def tell(self, epoch):
        if self.after is not None:
            self.after(epoch + self.first, self.losses[-1], self.val_losses[-1])

    def result(self):
        return self.losses, self.val_losses


class InferenceLoop(Loop):
    def val(self):
        device, _, val_fn, _, val_loader = self.given
        with torch.inference_mode():
            self.val_losses.append(self.mini_batch(device, val_loader, val_fn))


def decorated_train(*arguments, **named):
    before = torch.is_grad_enabled()
    try:
        return train(*arguments, **named)
    finally:
        torch.set_grad_enabled(before)


class NoValidation(Loop):
    order = ("train",)

    def tell(self, epoch): ...


class Backwards(Loop):
    order = ("val", "train")


class GradientsOn(Loop):
    def val(self):
        device, _, val_fn, _, val_loader = self.given
        self.val_losses.append(self.mini_batch(device, val_loader, val_fn))


class NeverOnAgain(Loop):
    def val(self):
        torch.set_grad_enabled(False)
        super().val()


class SameLoader(Loop):
    def val(self):
        device, _, val_fn, train_loader, _ = self.given
        with torch.no_grad():
            loss = self.mini_batch(device, train_loader, val_fn)
        self.val_losses.append(loss)


class SameStep(Loop):
    def val(self):
        device, train_fn, _, _, val_loader = self.given
        with torch.no_grad():
            loss = self.mini_batch(device, val_loader, train_fn)
        self.val_losses.append(loss)


class Plain(Loop):
    @staticmethod
    def mini_batch(device, loader, step_fn):
        losses = [step_fn(x.to(device), y.to(device)) for x, y in loader]
        return sum(losses) / len(losses)


class NotMoved(Loop):
    @staticmethod
    def mini_batch(device, loader, step_fn):
        return mini_batch("cpu", loader, step_fn)


class ReturnsNothing(Loop):
    def result(self):
        return None


class ReturnsLast(Loop):
    def result(self):
        return self.losses[-1], self.val_losses[-1]


class SwappedResult(Loop):
    def result(self):
        return self.val_losses, self.losses


class OnlyLast(Loop):
    def result(self):
        return self.losses[-1:], self.val_losses[-1:]


class Rounded(Loop):
    def result(self):
        return [round(v, 1) for v in self.losses], self.val_losses


class Silent(Loop):
    def tell(self, epoch): ...


class TellsOnce(Loop):
    def tell(self, epoch):
        if epoch == 2:
            super().tell(epoch)


class FromOne(Loop):
    first = 1


class TellsLess(Loop):
    def tell(self, epoch):
        if self.after is not None:
            self.after(epoch, self.losses[-1])


class TellsATuple(Loop):
    def tell(self, epoch):
        if self.after is not None:
            self.after((epoch, self.losses[-1], self.val_losses[-1]))


all_losses, all_val_losses = [], []


class Accumulates(Loop):
    def result(self):
        all_losses.extend(self.losses)
        all_val_losses.extend(self.val_losses)
        return all_losses, all_val_losses


class TellsByName(Loop):
    def tell(self, epoch):
        if self.after:
            self.after(
                epoch=epoch, loss=self.losses[-1], val_loss=self.val_losses[-1]
            )


class TellsLate(Loop):
    def tell(self, epoch):
        if self.after and epoch == 2:
            pairs = zip(self.losses, self.val_losses, strict=True)
            for number, pair in enumerate(pairs):
                self.after(number, *pair)


class NoNumbers(Loop):
    @staticmethod
    def mini_batch(device, loader, step_fn):
        mini_batch(device, loader, step_fn)


class ValidatesOnce(Loop):
    order = ("train",)

    def tell(self, epoch):
        if epoch == 2:
            self.val()
            super().tell(epoch)


def two_epochs_more(*arguments, **named):
    device, train_fn, *rest = arguments
    mini_batch(device, rest[1], train_fn)
    return train(*arguments, **named)


def needs_after(*arguments, after_epoch=None):
    if after_epoch is None:
        return [], []
    return train(*arguments, after_epoch=after_epoch)


class KeepsBatches(Loop):
    """Takes the batches out of the loaders once, for all epochs."""

    def __call__(self, *arguments, **named):
        device, train_fn, val_fn, train_loader, val_loader, *rest = arguments
        self.kept = list(train_loader)
        return super().__call__(
            *(device, train_fn, val_fn, self.kept, val_loader, *rest), **named
        )


class OffAtTheEnd(Loop):
    """Switches gradients on for training, and off for validation."""

    def train(self):
        torch.set_grad_enabled(True)
        super().train()

    def val(self):
        torch.set_grad_enabled(False)
        device, _, val_fn, _, val_loader = self.given
        self.val_losses.append(self.mini_batch(device, val_loader, val_fn))


class TellsEveryTenth(Loop):
    def tell(self, epoch):
        if epoch % 10 == 0:
            super().tell(epoch)


class TellsSwapped(Loop):
    def tell(self, epoch):
        if self.after is not None:
            self.after(epoch, self.val_losses[-1], self.losses[-1])


class AddsUp(Loop):
    def train(self):
        super().train()
        self.losses[-1] += sum(self.losses[-2:-1])


class StopsEarly(Loop):
    def val(self):
        if len(self.losses) < 3:
            super().val()


class StopsAsItRises(Loop):
    def val(self):
        two = self.val_losses[-2:]
        if two == sorted(two, reverse=True):
            super().val()


class Arrays(Loop):
    def result(self):
        return np.array(self.losses), np.array(self.val_losses)


class Pairs(Loop):
    def result(self):
        return list(zip(self.losses, self.val_losses, strict=True))


class BySwitch(Loop):
    def val(self):
        device, _, val_fn, _, val_loader = self.given
        with torch.set_grad_enabled(False):
            loss = self.mini_batch(device, val_loader, val_fn)
        self.val_losses.append(loss)


class ListOfTwo(Loop):
    def result(self):
        return [self.losses, self.val_losses]


class OwnLoader(Loop):
    def train(self):
        device, train_fn, _, loader, _ = self.given
        mine = DataLoader(loader.dataset, batch_size=loader.batch_size)
        self.losses.append(self.mini_batch(device, mine, train_fn))


class OfNumPy(Loop):
    @staticmethod
    def mini_batch(device, loader, step_fn):
        return np.float64(mini_batch(device, loader, step_fn))


def never_none(
    device, train_fn, val_fn, train_loader, val_loader, n, after_epoch=None
):
    loop = Loop()
    loop.tell = lambda epoch: after_epoch(
        epoch, loop.losses[-1], loop.val_losses[-1]
    )
    return loop(device, train_fn, val_fn, train_loader, val_loader, n)


def three_epochs(device, train_fn, val_fn, train_loader, val_loader, n, **more):
    return train(device, train_fn, val_fn, train_loader, val_loader, 3, **more)


def does_nothing(*_, **__):
    return [], []


LOOP = Answers(
    right={
        "course": train,
        "class": Loop(),
        "inference mode": InferenceLoop(),
        "partial": functools.partial(train),
        "lambda": lambda *a, **k: train(*a, **k),
        "gradients put back": decorated_train,
        "told by name": TellsByName(),
        "set_grad_enabled": BySwitch(),
        "list of two": ListOfTwo(),
    },
    wrong={
        "no_validation": NoValidation(),
        "validated_first": Backwards(),
        "gradients_on": GradientsOn(),
        "gradients_off": NeverOnAgain(),
        "left_off": OffAtTheEnd(),
        "told_once every tenth epoch": TellsEveryTenth(),
        "other_losses added up": AddsUp(),
        "other_course stops early": StopsEarly(),
        "other_course as the loss rises": StopsAsItRises(),
        "no_two_lists but arrays": Arrays(),
        "no_two_lists but pairs": Pairs(),
        "one_pass": KeepsBatches(),
        "other_loader": OwnLoader(),
        "no_numbers of NumPy": OfNumPy(),
        "validates_on_training": SameLoader(),
        "trains_on_validation": SameStep(),
        "plain_mean": Plain(),
        "not_moved": NotMoved(),
        "returns_nothing": ReturnsNothing(),
        "no_two_lists": ReturnsLast(),
        "swapped": SwappedResult(),
        "wrong_length": OnlyLast(),
        "other_losses": Rounded(),
        "no_numbers": NoNumbers(),
        "epochs_fixed": three_epochs,
        "told_late": TellsLate(),
        "never_told": Silent(),
        "told_once": TellsOnce(),
        "counted_from_1": FromOne(),
        "told_other": TellsLess(),
        "validated_once": ValidatesOnce(),
        "other_course": two_epochs_more,
        "other_without": needs_after,
        "uses_page_objects as lists outlive a call": Accumulates(),
        "told_other in one tuple": TellsATuple(),
        "told_other in the other order": TellsSwapped(),
        "raises": never_none,
        "no_step": does_nothing,
        "signature": lambda loader: print(loader),
    },
)

# ------------------------------------------------------------------- C1.7


def make_logger(writer):
    def log_epoch(epoch, loss, val_loss):
        writer.add_scalar("loss/training", loss, epoch)
        writer.add_scalar("loss/validation", val_loss, epoch)

    return log_epoch


class LoggerObject:
    def __init__(self, writer):
        self.writer = writer

    def __call__(self, epoch, loss, val_loss):
        for name, value in (("training", loss), ("validation", val_loss)):
            self.writer.add_scalar(f"loss/{name}", value, global_step=epoch)


def log_with(writer, epoch, loss, val_loss):
    writer.add_scalar("loss/validation", torch.tensor(val_loss), epoch)
    writer.add_scalar("loss/training", np.float32(loss), epoch)
    writer.flush()


def logger_of(log):
    return lambda writer: functools.partial(log, writer)


def log_scalars(writer, epoch, loss, val_loss):
    writer.add_scalars(
        "loss", {"training": loss, "validation": val_loss}, epoch
    )


def log_without_step(writer, epoch, loss, val_loss):
    writer.add_scalar("loss/training", loss)
    writer.add_scalar("loss/validation", val_loss)


def log_swapped(writer, epoch, loss, val_loss):
    log_with(writer, epoch, val_loss, loss)


def log_one_tag(writer, epoch, loss, val_loss):
    writer.add_scalar("loss", loss, epoch)
    writer.add_scalar("loss", val_loss, epoch)


def log_and_close(writer, epoch, loss, val_loss):
    log_with(writer, epoch, loss, val_loss)
    writer.close()


def closing_logger(writer):
    with writer:

        def log_epoch(epoch, loss, val_loss):
            log_with(writer, epoch, loss, val_loss)

    return log_epoch


def log_twice_the_same(writer, epoch, loss, val_loss):
    log_with(writer, epoch, loss, loss)


def forgotten_logger(writer):
    def log_epoch(epoch, loss, val_loss):
        log_with(writer, epoch, loss, val_loss)


def log_from_one(writer, epoch, loss, val_loss):
    log_with(writer, epoch + 1, loss, val_loss)


def counting_logger(writer):
    epochs = itertools.count()

    def log_epoch(epoch, loss, val_loss):
        log_with(writer, next(epochs), loss, val_loss)

    return log_epoch


def late_logger(writer):
    rows = []

    def log_epoch(*row):
        rows.append(row)
        if len(rows) == 3:
            for one in rows:
                log_with(writer, *one)

    return log_epoch


first_writer = []


def keeping_logger(writer):
    first_writer.append(writer)
    return functools.partial(log_with, first_writer[0])


def log_new_style(writer, epoch, *losses):
    for name, loss in zip(("training", "validation"), losses, strict=True):
        writer.add_scalar(f"loss/{name}", loss, epoch, new_style=True)


def method_logger(writer):
    return LoggerObject(writer).__call__


def object_logger(writer):
    return SimpleNamespace(log_epoch=make_logger(writer))


def logger_tag_second(writer):
    def log_epoch(epoch, loss, val_loss):
        writer.add_scalar(loss, "loss/training", epoch)

    return log_epoch


def logger_in_other_order(writer):
    return lambda loss, val_loss, epoch: log_with(writer, epoch, loss, val_loss)


def every_tenth_logger(writer):
    def log_epoch(epoch, loss, val_loss):
        if epoch % 10 == 0:
            log_with(writer, epoch, loss, val_loss)

    return log_epoch


LOGGER = Answers(
    right={
        "course": make_logger,
        "class": LoggerObject,
        "partial, flushed, other numbers": logger_of(log_with),
        "lambda": lambda w: lambda e, a, b: log_with(w, e, a, b),
        "new style": logger_of(log_new_style),
        "method": method_logger,
    },
    wrong={
        "sub_runs": logger_of(log_scalars),
        "no_step": logger_of(log_without_step),
        "steps_from_one": logger_of(log_from_one),
        "other_steps": counting_logger,
        "swapped": logger_of(log_swapped),
        "one_tag": logger_of(log_one_tag),
        "many_files": logger_of(log_and_close),
        "many_files around the inner function": closing_logger,
        "one_for_both": logger_of(log_twice_the_same),
        "nothing_logged before the end": late_logger,
        "other_writer": lambda writer: functools.partial(
            log_with, SummaryWriter()
        ),
        "other_writer of a run": lambda writer: functools.partial(
            log_with, SummaryWriter(run_folder("challenge_1/mine"))
        ),
        "shared": keeping_logger,
        "builder_returns_nothing": forgotten_logger,
        "tag_not_first": logger_tag_second,
        "other_order_of_arguments": logger_in_other_order,
        "points_missing": every_tenth_logger,
        "called_too_soon": object_logger,
        "signature of the writer left in": lambda writer: log_with,
        "nothing_logged": lambda writer: lambda epoch, loss, val_loss: None,
        "signature": lambda writer: lambda loss, val_loss: None,
    },
)

# ------------------------------------------------------------------- C1.8


def save(path, epoch, model, optimizer, losses, val_losses, **other):
    state = {
        "epoch": epoch,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "loss": [float(loss) for loss in losses],
        "val_loss": [float(loss) for loss in val_losses],
    }
    state |= {name: value(state) for name, value in other.items()}
    torch.save(state, path)


def resume(path, model, optimizer):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model_state_dict"])
    optimizer.load_state_dict(state["optimizer_state_dict"])
    model.train()
    return state["epoch"], state["loss"], state["val_loss"]


def save_list(path, *parts):
    epoch, model, optimizer, *losses = parts
    numbers = [
        torch.tensor([float(n) for n in part], dtype=torch.float64)
        for part in losses
    ]
    torch.save(
        [epoch, model.state_dict(), optimizer.state_dict(), *numbers], path
    )


def resume_list(path, model, optimizer):
    epoch, weights, state, losses, val_losses = torch.load(path)
    optimizer.load_state_dict(state)
    model.train().load_state_dict(weights)
    return [epoch, losses.tolist(), val_losses.tolist()]


class Keeper:
    def save(self, path, *parts):
        return save(path, *parts)

    def resume(self, path, model, optimizer):
        return resume(path, model, optimizer)


def save_numpy(path, epoch, model, optimizer, losses, val_losses):
    save(
        path, epoch, model, optimizer, losses, val_losses, loss=lambda _: losses
    )


def save_whole_model(path, epoch, model, optimizer, losses, val_losses):
    save(
        path, epoch, model, optimizer, losses, val_losses,
        whole=lambda _: model,
    )  # fmt: skip


def save_and_train(path, epoch, model, optimizer, losses, val_losses):
    save(path, epoch, model, optimizer, losses, val_losses)
    optimizer.step()


def save_in_eval_mode(path, epoch, model, *rest):
    save(path, epoch, model.eval(), *rest)


def save_and_clear(path, epoch, model, optimizer, losses, val_losses):
    save(path, epoch, model, optimizer, losses, val_losses)
    losses.clear()


def save_swapped(path, epoch, model, optimizer, losses, val_losses):
    save(path, epoch, model, optimizer, val_losses, losses)


def save_last(path, epoch, model, optimizer, losses, val_losses):
    save(path, epoch, model, optimizer, losses[-1:], val_losses[-1:])


def save_32_bits(path, epoch, model, optimizer, losses, val_losses):
    losses = torch.tensor([float(loss) for loss in losses]).tolist()
    save(path, epoch, model, optimizer, losses, val_losses)


def save_tensors(path, epoch, model, optimizer, losses, val_losses):
    losses = torch.tensor(losses).tolist()  # of plain numbers, 32 bits
    save(path, epoch, model, optimizer, losses, val_losses)


def save_after_the_old(path, *parts):
    with open(path, "ab") as file:
        save(file, *parts)


def resume_without(*left_out, eval_mode=False, result=None, weights_only=True):
    def resume_some(path, model, optimizer):
        state = torch.load(path, weights_only=weights_only)
        if "model" not in left_out:
            model.load_state_dict(state["model_state_dict"])
        if "optimizer" not in left_out:
            optimizer.load_state_dict(state["optimizer_state_dict"])
        if eval_mode:
            model.eval()
        elif "mode" not in left_out:
            model.train()
        if result:
            return result(state)
        return state["epoch"], state["loss"], state["val_loss"]

    return resume_some


def resume_new_model(path, model, optimizer):
    model = nn.Sequential(nn.Linear(2, 1))
    return resume(path, model, optimizer)


def resume_only_state(path, model, optimizer):
    state = torch.load(path, weights_only=True)
    before = optimizer.state_dict()["param_groups"]
    result = resume(path, model, optimizer)
    optimizer.load_state_dict(
        {
            "state": state["optimizer_state_dict"]["state"],
            "param_groups": before,
        }
    )
    return result


def save_parameters(path, epoch, model, *rest):
    save(
        path, epoch, model, *rest,
        model_state_dict=lambda _: dict(model.named_parameters()),
    )  # fmt: skip


def save_after_zero_grad(path, epoch, model, optimizer, *losses):
    optimizer.zero_grad()
    save(path, epoch, model, optimizer, *losses)


def save_rounded(path, epoch, model, optimizer, *both):
    both = [[round(float(loss), 4) for loss in losses] for losses in both]
    save(path, epoch, model, optimizer, *both)


def save_aside(path, *parts):
    aside = path.with_suffix(".part")
    save(aside, *parts)
    aside.replace(path)


def resume_loosely(path, model, optimizer, **how):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model_state_dict"], **how)
    optimizer.load_state_dict(state["optimizer_state_dict"])
    model.train()
    return state["epoch"], state["loss"], state["val_loss"]


def resume_top_only(path, model, optimizer):
    result = resume_without("mode")(path, model, optimizer)
    model.training = True
    return result


def resume_at_the_usual_rate(path, model, optimizer):
    result = resume(path, model, optimizer)
    optimizer.param_groups[0]["lr"] = 0.1
    return result


def resume_frozen(path, model, optimizer):
    result = resume(path, model, optimizer)
    model.requires_grad_(False)
    return result


def resume_opened_to_write(path, model, optimizer):
    with open(path, "w+b") as file:
        return torch.load(file, weights_only=True)


def resume_swapped(path, model, optimizer):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["optimizer_state_dict"])


CHECKPOINT = Answers(
    right={
        "course": (save, resume),
        "a list of tensors": (save_list, resume_list),
        "methods": (Keeper().save, Keeper().resume),
        "written aside": (save_aside, resume),
        "partial": (functools.partial(save), functools.partial(resume)),
        "lambda": (lambda *a: save(*a), lambda *a: resume(*a)),
    },
    wrong={
        "no_file": (lambda *parts: print(parts), resume),
        "numpy_in_it": (save_numpy, resume),
        "not_loadable": (save_whole_model, resume),
        "save_changes": (save_and_train, resume),
        "save_changes mode": (save_in_eval_mode, resume),
        "save_changes lists": (save_and_clear, resume),
        "losses in a tensor": (save_tensors, resume),
        "epoch of the older file": (save_after_the_old, resume),
        "no_file but another": (
            lambda path, *parts: save("checkpoint.pt", *parts),
            resume,
        ),
        "losses last ones": (
            save,
            resume_without(
                result=lambda s: (s["epoch"], s["loss"][-1], s["val_loss"][-1])
            ),
        ),
        "losses_swapped": (save_swapped, resume),
        "losses": (save_last, resume),
        "optimizer_left_out": (save, resume_without("optimizer")),
        "model_not_loaded": (save, resume_without("model")),
        "model_not_loaded but a new one": (save, resume_new_model),
        "no_train_mode": (save, resume_without("mode")),
        "no_train_mode on purpose": (save, resume_without(eval_mode=True)),
        "settings": (save, resume_only_state),
        "no_three": (save, resume_without(result=lambda s: s["epoch"])),
        "epoch": (
            save,
            resume_without(
                result=lambda s: (s["epoch"] + 1, s["loss"], s["val_loss"])
            ),
        ),
        "unfinished": (save, ...),
        "buffers_left_out": (
            save_parameters,
            functools.partial(resume_loosely, strict=False),
        ),
        "mode_of_the_top": (save, resume_top_only),
        "settings written down": (save, resume_at_the_usual_rate),
        "freezes": (save, resume_frozen),
        "goes_on_otherwise": (
            save,
            functools.partial(resume_loosely, assign=True),
        ),
        "changes_the_file": (save, resume_opened_to_write),
        "other_dictionary": (save, resume_swapped),
        "save_changes gradients": (save_after_zero_grad, resume),
        "losses rounded": (save_rounded, resume),
        "no_three in a dictionary": (save, resume_without(result=dict)),
        "runs_code": (save, resume_without(weights_only=bool(0))),
        "losses in 32 bits": (save_32_bits, resume),
        "raises with the arguments of torch.save swapped": (
            lambda path, *parts: torch.save(path, {"epoch": parts[0]}),
            resume,
        ),
        "signature": (lambda path, state: print(path), resume),
        "raises": (save, lambda path, m, o: torch.load(path)["model"]),
    },
)

# ------------------------------------------------------------------- C1.9


def fit(path, n_epochs=50, lr=0.1, seed=42, rides=rides_as_tensor_dataset):
    generator = torch.Generator().manual_seed(13)
    train_data, _ = random_split(rides(path), [0.8, 0.2], generator)
    loader = DataLoader(train_data, 16, shuffle=True, generator=generator)
    if seed is not None:
        torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 1))
    optimizer = optim.SGD(model.parameters(), lr=lr)
    step_fn = make_train_step_fn(model, nn.MSELoss(), optimizer)
    for _ in range(n_epochs):
        mini_batch("cpu", loader, step_fn)
    return model


def fit_deep(path):
    torch.manual_seed(0)
    numbers = table(path) / SCALE
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    step_fn = make_train_step_fn(model, nn.MSELoss(), optimizer)
    for _ in range(600):
        step_fn(numbers[:, :2], numbers[:, 2:])
    return model


def predict(
    model,
    rides,
    scale=SCALE[:2],
    charge=100,
    context=torch.no_grad,
    mode=False,
    result=lambda yhat: yhat,
    turn=lambda x: x,
):
    x = turn(torch.as_tensor(rides, dtype=torch.float32))
    model.train(mode)
    with context():
        return result(charge * model(x / scale))


def predict_lists(model, rides):
    rows = [[float(km) / 20, float(metres) / 300] for km, metres in rides]
    model.eval()
    return model(torch.tensor(rows)).detach().mul_(100)


class Predictor:
    def __call__(self, model, rides):
        return predict(model, rides)


def predict_in_place(model, rides):
    x = torch.as_tensor(rides, dtype=torch.float32)
    x /= SCALE[:2]
    model.eval()
    with torch.inference_mode():
        return 100 * model(x)


class ScaledInside(nn.Module):
    """A model that takes everyday units, as chapter 09 recommends."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.register_buffer("scale", torch.tensor([20.0, 300.0]))

    def forward(self, rides):
        return 100 * self.model(rides / self.scale)


def fit_scaled_inside(path):
    return ScaledInside(fit(path))


def predict_units(model, rides):
    model.eval()
    with torch.inference_mode():
        return model(torch.as_tensor(rides, dtype=torch.float32))


def predict_in_list(model, rides):
    for ride in rides:
        ride[0] /= 20
        ride[1] /= 300
    return predict_units(model, rides) * 100


def predict_and_switch_off(model, rides):
    torch.set_grad_enabled(False)
    return predict(model, rides, context=contextlib.nullcontext)


def fit_and_switch_off(path):
    model = fit(path)
    torch.set_grad_enabled(False)
    return model


@functools.cache
def fitted_on_the_page():
    return fit(RIDES)


def predict_with_that(model, rides):
    return predict(fitted_on_the_page(), rides)


def predict_in_rows(model, rides):
    """One ride at a time, and the mode is put back."""
    was_training = model.training
    yhat = torch.cat([predict(model, [[*ride]]) for ride in rides])
    model.train(was_training)
    return yhat


def predict_by_loader(model, rides):
    loader = DataLoader(torch.as_tensor(rides, dtype=torch.float32), 7)
    return torch.cat([predict(model, part) for part in loader])


def unseeded_order(path):
    order = torch.get_rng_state()
    model = fit(path)
    torch.set_rng_state(order)
    with torch.no_grad():
        model[0].bias += 1e-4 * torch.rand(1)
    return model


def unseeded_start(path):
    return fit(path, seed=None)


def fit_without_bias(path):
    numbers = table(path) / SCALE
    flat = nn.Sequential(nn.Linear(2, 1, bias=False))
    with torch.no_grad():
        flat[0].weight.copy_(
            torch.linalg.lstsq(numbers[:, :2], numbers[:, 2:]).solution.T
        )
    return flat


class LastFit:
    def fit(self, path):
        self.model = fit(path)
        return self.model

    def predict(self, model, rides):
        return predict(self.model, rides)


def wrong_predict(**changes):
    return fit, functools.partial(predict, **changes)


last = LastFit()
PREDICTION = Answers(
    right={
        "course": (fit, predict),
        "Adam, a hidden layer, lists": (fit_deep, predict_lists),
        "class": (fit, Predictor()),
        "lambda": (lambda path: fit(path), lambda m, r: predict(m, r)),
        "inference mode": wrong_predict(context=torch.inference_mode),
        "scaling inside the model": (fit_scaled_inside, predict_units),
        "a ride at a time": (fit, predict_in_rows),
        "in a loader": (fit, predict_by_loader),
        "of a copy": (fit, lambda m, r: predict(copy.deepcopy(m), r)),
    },
    wrong={
        "no_model": (lambda path: ([0.1], [0.2]), predict),
        "not_good_enough": (functools.partial(fit, n_epochs=3), predict),
        "diverged": (functools.partial(fit, lr=8.0), predict),
        "not_seeded": (unseeded_start, predict),
        "not_seeded in its order": (unseeded_order, predict),
        "not_scaled": wrong_predict(scale=torch.ones(2)),
        "fraction": wrong_predict(charge=1),
        "fraction twice": wrong_predict(charge=10_000),
        "fraction of a fraction": wrong_predict(charge=0.01),
        "scales_swapped": wrong_predict(scale=SCALE[:2].flip(0)),
        "fits_one_file": (fit_without_bias, predict),
        "model_ignored for the last one": (last.fit, last.predict),
        "raises for 64 bits": (
            fit,
            lambda model, rides: (
                100 * model.eval()(torch.as_tensor(rides) / SCALE[:2]).detach()
            ),
        ),
        "neither": wrong_predict(scale=torch.ones(2), charge=1),
        "columns_swapped": wrong_predict(
            result=lambda yhat: yhat, turn=lambda x: x.flip(1)
        ),
        "path_ignored": (lambda path: fit(RIDES), predict),
        "path_ignored for the held-out rides": (
            lambda path: fit(HELD_OUT, n_epochs=300),
            predict,
        ),
        "one_ride": wrong_predict(
            result=lambda yhat: yhat if len(yhat) > 1 else yhat.squeeze()
        ),
        "train_mode": wrong_predict(mode=True),
        "recorded": wrong_predict(context=torch.enable_grad),
        "shape": wrong_predict(result=torch.flatten),
        "rounded": wrong_predict(result=torch.round),
        "rounded to int": wrong_predict(result=torch.Tensor.int),
        "no_tensor": wrong_predict(result=torch.Tensor.tolist),
        "changes_input": (fit, predict_in_place),
        "changes_input of a list": (fit, predict_in_list),
        "grad_left_off": (fit, predict_and_switch_off),
        "grad_left_off by fit": (fit_and_switch_off, predict),
        "model_ignored": (fit, predict_with_that),
        "train_mode of the outer module": (
            fit,
            lambda model, rides: (
                setattr(model, "training", False),
                predict(model, rides, mode=True),
            )[1],
        ),
        "raises": (fit, lambda model, rides: model(rides)),
    },
)


def some(answers: Answers, n_wrong: int = 8) -> Answers:
    """Some answers of a chapter, whose checker this task shares."""
    return Answers(
        right=dict(list(answers.right.items())[:4]),
        wrong=dict(list(answers.wrong.items())[:n_wrong]),
    )


# The caller switches the recording off, so that here it may be left on.
VAL_STEP = Answers(
    right={
        **some(chapter_05.CAREFUL_VAL_STEP).right,
        "the course's": make_val_step_fn,
    },
    wrong={
        name: answer
        for name, answer in chapter_05.CAREFUL_VAL_STEP.wrong.items()
        if not name.startswith(("recorded", "recording_left_off after"))
    },
)

ANSWERS = {
    "C1.1": some(chapter_01.TRAIN_STEP, n_wrong=14),
    "C1.2": DATASET,
    "C1.3": some(chapter_04.SPLIT_LOADERS),
    "C1.4": VAL_STEP,
    "C1.5": some(chapter_05.EPOCH_LOSS),
    "C1.6": LOOP,
    "C1.7": LOGGER,
    "C1.8": CHECKPOINT,
    "C1.9": PREDICTION,
}
