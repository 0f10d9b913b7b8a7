"""Answers to the exercises of chapter 02."""

import functools
from collections import UserList, namedtuple
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset, StackDataset, TensorDataset

from helpers.datasets import CustomDataset
from tests.answers.common import Answers

# ------------------------------------------------------------------- 02.1


class Polynomial(Dataset):
    def __init__(self, x_tensor, y_tensor):
        self.x = x_tensor
        self.y = y_tensor

    def __getitem__(self, index):
        x = self.x[index]
        return torch.cat([x, x**2]), self.y[index]

    def __len__(self):
        return len(self.x)


def polynomial(get=None, length=None, base=Polynomial):
    """Build a class that differs from the right one in a method."""
    body = {}
    if get:
        body["__getitem__"] = get
    if length:
        body["__len__"] = length
    return type("Changed", (base,), body)


def by_item(make):
    """Build a class whose items are made by a function of x [1] and y [1]."""
    return polynomial(lambda self, i: make(self.x[i], self.y[i]))


class PolynomialPlain:
    """Without a base class, with a stack and numbers."""

    def __init__(self, xs, ys):
        self.pairs = TensorDataset(xs, ys)

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        features, label = self.pairs[i]
        number = features.item()
        return torch.tensor([number, number * number]), label.clone()


class PolynomialInPlace(Polynomial):
    """In place, on a copy."""

    def __getitem__(self, index):
        squared = self.x[index].clone()
        squared *= self.x[index]
        return torch.hstack((self.x[index], squared)), self.y[index]


class PolynomialIterates(Polynomial):
    def __iter__(self):
        for index in range(len(self)):
            yield self[index]


Point = namedtuple("Point", "features label")


class PolynomialInPlaceFault(Polynomial):
    def __getitem__(self, index):
        features = self.x[index]
        before = features.clone()
        features **= 2
        return torch.cat([before, features]), self.y[index]


class PolynomialInPlaceAtOnce(Polynomial):
    def __init__(self, x_tensor, y_tensor):
        self.before = x_tensor.clone()
        self.x, self.y = x_tensor.pow_(2), y_tensor

    def __getitem__(self, index):
        return torch.cat([self.before[index], self.x[index]]), self.y[index]


class PolynomialInAdvance(Polynomial):
    def __init__(self, x_tensor, y_tensor):
        self.x = torch.cat([x_tensor, x_tensor**2], dim=1)
        self.y = y_tensor

    def __getitem__(self, index):
        return self.x[index], self.y[index]


class PolynomialCopies(Polynomial):
    def __init__(self, x_tensor, y_tensor):
        super().__init__(x_tensor.clone(), y_tensor.clone())


class PolynomialCached(Polynomial):
    def __init__(self, x_tensor, y_tensor):
        super().__init__(x_tensor, y_tensor)
        self.known = {}

    def __getitem__(self, index):
        if index not in self.known:
            self.known[index] = super().__getitem__(index)
        return self.known[index]


class PolynomialOneBuffer(Polynomial):
    def __init__(self, x_tensor, y_tensor):
        super().__init__(x_tensor, y_tensor)
        self.buffer = torch.empty(2)

    def __getitem__(self, index):
        self.buffer[0] = self.x[index, 0]
        self.buffer[1] = self.x[index, 0] ** 2
        return self.buffer, self.y[index]


class PolynomialClassAttributes(Polynomial):
    def __init__(self, x_tensor, y_tensor):
        type(self).x, type(self).y = x_tensor, y_tensor


class PolynomialNoLength(Dataset):
    def __init__(self, x_tensor, y_tensor):
        self.x, self.y = x_tensor, y_tensor

    __getitem__ = Polynomial.__getitem__

    def __length__(self):
        return len(self.x)


class PolynomialNoItems(Dataset):
    __init__ = Polynomial.__init__
    __len__ = Polynomial.__len__

    def __get_item__(self, index):
        return Polynomial.__getitem__(self, index)


class PolynomialMisspeltInit(Dataset):
    def __int__(self, x_tensor, y_tensor):
        self.x, self.y = x_tensor, y_tensor

    __getitem__ = Polynomial.__getitem__
    __len__ = Polynomial.__len__


class PolynomialForgetsSelf(Polynomial):
    def __init__(self, x_tensor, y_tensor):
        x = x_tensor
        y = y_tensor


class PolynomialTwoNames(Polynomial):
    def __init__(self, x_tensor, y_tensor):
        self.x = x_tensor
        self.labels = y_tensor


class PolynomialBatches(Polynomial):
    def __getitems__(self, indices):
        return [self[i] for i in indices][:2]


class PolynomialLoopsShort(Polynomial):
    def __iter__(self):
        for index in range(len(self) - 1):
            yield self[index]


class PolynomialLoopsOn(Polynomial):
    def __iter__(self):
        while True:
            yield from (self[index] for index in range(len(self)))


class PolynomialWithEmptyMethod(Polynomial):
    """What does nothing on purpose is not left for later."""

    def close(self):
        pass


class PolynomialOfTensorDataset(TensorDataset):
    def __getitem__(self, index):
        features, label = super().__getitem__(index)
        return torch.hstack([features, torch.square(features)]), label


@dataclass
class PolynomialDataclass:
    x: torch.Tensor
    y: torch.Tensor

    def __getitem__(self, index):
        return torch.vander(self.x[index], 3).flip(1)[0, 1:], self.y[index]

    def __len__(self):
        return self.x.size(0)


def _empty_slice(self, index):
    x = self.x[index : index + 1]
    return torch.cat([x, x**2], dim=1).flatten(), self.y[index]


def _no_negative(self, index):
    if index < 0 or index >= len(self):
        raise IndexError(f"no point {index}")
    return Polynomial.__getitem__(self, index)


def _key_error(self, index):
    if index >= len(self):
        raise KeyError(index)
    return Polynomial.__getitem__(self, index)


def _forgets_return(self, index):
    features = torch.cat([self.x[index], self.x[index] ** 2])
    _ = features, self.y[index]


def _yields(self, index):
    yield torch.cat([self.x[index], self.x[index] ** 2])
    yield self.y[index]


POLYNOMIAL = Answers(
    right={
        "course": Polynomial,
        "plain class": PolynomialPlain,
        "in place on a copy": PolynomialInPlace,
        "CustomDataset as base": polynomial(
            Polynomial.__getitem__, base=CustomDataset
        ),
        "with an iterator": PolynomialIterates,
        "pow": by_item(lambda x, y: (torch.cat((x, x.pow(2))), y)),
        "broadcast": by_item(lambda x, y: (x ** torch.tensor([1, 2]), y)),
        "stack": by_item(lambda x, y: (torch.stack([x[0], x[0] ** 2]), y)),
        "named tuple": by_item(
            lambda x, y: Point(torch.cat([x, x * x]), y.detach())
        ),
        "function": lambda x, y: Polynomial(x_tensor=x, y_tensor=y),
        "partial": functools.partial(Polynomial),
        "an empty method": PolynomialWithEmptyMethod,
        "TensorDataset as base": PolynomialOfTensorDataset,
        "dataclass": PolynomialDataclass,
        "running product": by_item(lambda x, y: (x.repeat(2).cumprod(0), y)),
    },
    wrong={
        "in_place": PolynomialInPlaceFault,
        "in_place while built": PolynomialInPlaceAtOnce,
        "in_advance": PolynomialInAdvance,
        "in_advance a copy": PolynomialCopies,
        "in_advance cached": PolynomialCached,
        "in_advance list": lambda x, y: [
            (torch.cat([a, a**2]), b) for a, b in zip(x, y)
        ],
        "same_memory": PolynomialOneBuffer,
        "shared": PolynomialClassAttributes,
        "no_length": PolynomialNoLength,
        "no_length but a float": polynomial(length=lambda self: 5.0),
        "wrong_length": polynomial(length=lambda self: len(self.x) - 1),
        "wrong_length of a row": polynomial(length=lambda self: 1),
        "no_items": PolynomialNoItems,
        "no_items but a set": lambda x, y: set(range(len(x))),
        "no_items without self": polynomial(lambda index: 0),
        "no_length without self": polynomial(length=lambda: 5),
        "raises as the operation is unknown": by_item(
            lambda x, y: (torch.cat([x, x ^ 2]), y)
        ),
        "features_shape from the end": polynomial(_empty_slice),
        "not_kept": PolynomialForgetsSelf,
        "not_kept but another": PolynomialTwoNames,
        "signature": PolynomialMisspeltInit,
        "raises as cat takes a list": by_item(
            lambda x, y: (torch.cat(x, x**2), y)
        ),
        "no_tuple as it yields": polynomial(_yields),
        "returns_nothing": polynomial(_forgets_return),
        "no_tuple": by_item(lambda x, y: [torch.cat([x, x**2]), y]),
        "no_tuple but a dictionary": by_item(
            lambda x, y: {"features": torch.cat([x, x**2]), "label": y}
        ),
        "one_tensor": by_item(lambda x, y: torch.cat([x, x**2, y])),
        "wrong_number": by_item(lambda x, y: (x, x**2, y)),
        "no_tensor": by_item(lambda x, y: ([x.item(), x.item() ** 2], y)),
        "no_tensor as label": by_item(
            lambda x, y: (torch.cat([x, x**2]), y.item())
        ),
        "features_shape": by_item(lambda x, y: (torch.stack([x, x**2]), y)),
        "features_shape a row": polynomial(
            lambda self, i: (
                torch.cat([self.x[[i]], self.x[[i]] ** 2], dim=1),
                self.y[i],
            )
        ),
        "features_shape no square": by_item(lambda x, y: (x, y)),
        "features_shape only the square": by_item(lambda x, y: (x**2, y)),
        "features_shape all": polynomial(
            lambda self, i: (
                torch.cat([self.x, self.x**2], dim=1),
                self.y[i],
            )
        ),
        "label_shape": by_item(lambda x, y: (torch.cat([x, x**2]), y[0])),
        "label_shape a row": by_item(
            lambda x, y: (torch.cat([x, x**2]), y.reshape(1, 1))
        ),
        "label_shape squared too": by_item(
            lambda x, y: (torch.cat([x, x**2]), torch.cat([y, y**2]))
        ),
        "swapped": by_item(lambda x, y: (y, torch.cat([x, x**2]))),
        "dtype": by_item(lambda x, y: (torch.cat([x, x**2]).double(), y)),
        "columns_swapped": by_item(lambda x, y: (torch.cat([x**2, x]), y)),
        "mixed_up": by_item(lambda x, y: (torch.cat([y, y**2]), x)),
        "mixed_up features of y": by_item(
            lambda x, y: (torch.cat([y, y**2]), y)
        ),
        "doubled": by_item(lambda x, y: (torch.cat([x, x * 2]), y)),
        "other_point": polynomial(
            lambda self, i: Polynomial.__getitem__(self, i - 1)
        ),
        "other_point the first": polynomial(
            lambda self, i: Polynomial.__getitem__(self, 0)
        ),
        "other_values": by_item(lambda x, y: (torch.cat([x, x**3]), y)),
        "other_values absolute": by_item(
            lambda x, y: (torch.cat([x.abs(), x**2]), y)
        ),
        "other_values label squared": by_item(
            lambda x, y: (torch.cat([x, x**2]), y**2)
        ),
        "no_such_item": polynomial(_no_negative),
        "other_point counted from one": polynomial(
            lambda self, i: Polynomial.__getitem__(self, i + 1)
        ),
        "no_index_error": polynomial(
            lambda self, i: Polynomial.__getitem__(self, i % len(self))
        ),
        "no_index_error clamped": polynomial(
            lambda self, i: Polynomial.__getitem__(self, min(i, len(self) - 1))
        ),
        "no_index_error but another": polynomial(_key_error),
        "wrong_loop": PolynomialLoopsShort,
        "wrong_loop without an end": PolynomialLoopsOn,
        "no_batch": PolynomialBatches,
        "raises": by_item(lambda x, y: (torch.cat([x, z**2]), y)),  # noqa: F821
        "not_callable": Polynomial(torch.zeros(3, 1), torch.zeros(3, 1)),
    },
)

# ------------------------------------------------------------------- 02.2

F32 = torch.float32


def own_tensor(array):
    return torch.tensor(array, dtype=F32)


def tensors(make=own_tensor, dataset=TensorDataset):
    """Build a make_dataset that turns each array into a tensor."""
    return lambda x, y: dataset(make(x), make(y))


def own_checked(x, y):
    if len(x) != len(y):
        raise ValueError("features and labels differ in number")
    return list(zip(own_tensor(x), own_tensor(y)))


class OwnRows(Dataset):
    """Copies the arrays as arrays, and makes tensors late."""

    def __init__(self, x, y):
        assert x.shape == y.shape
        self.x, self.y = x.astype("float32"), y.astype("float32")

    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]), torch.from_numpy(self.y[i])

    def __len__(self):
        return self.x.shape[0]


def in_place_copy(x, y):
    x_tensor, y_tensor = torch.empty(x.shape), torch.empty(y.shape)
    x_tensor.copy_(torch.from_numpy(x))
    y_tensor.copy_(torch.from_numpy(y))
    return TensorDataset(x_tensor, y_tensor)


def looks_late(x, y):
    class Late(OwnRows):
        def __init__(self):
            self.x, self.y = x, y

        def __getitem__(self, i):
            return own_tensor(self.x[i]), own_tensor(self.y[i])

    assert len(x) == len(y)
    return Late()


def own_forgets(x, y):
    data = TensorDataset(own_tensor(x), own_tensor(y))


def own_scales(x, y):
    x -= 1
    return TensorDataset(own_tensor(x + 1), own_tensor(y))


latest = {}


def own_shared(x, y):
    latest["data"] = own_checked(x, y)

    class Shared:
        def __len__(self):
            return len(latest["data"])

        def __getitem__(self, index):
            return latest["data"][index]

    return Shared()


OWN_COPY = Answers(
    right={
        "tensor": tensors(),
        "clone": tensors(lambda a: torch.as_tensor(a, dtype=F32).clone()),
        "astype": tensors(lambda a: torch.from_numpy(a.astype(np.float32))),
        "copy": tensors(lambda a: torch.from_numpy(a.copy()).float()),
        "course class": tensors(dataset=CustomDataset),
        "list of tuples": own_checked,
        "rows": OwnRows,
        "in place": in_place_copy,
        "to with copy": tensors(
            lambda a: torch.from_numpy(a).to(F32, copy=True)
        ),
        "lists": tensors(lambda a: torch.tensor(a.tolist()).float()),
        "stack": tensors(
            lambda a: torch.stack([torch.tensor(r, dtype=F32) for r in a])
        ),
        "stacked data sets": tensors(dataset=StackDataset),
        "copied by asarray": tensors(
            lambda a: torch.asarray(a, dtype=F32, copy=True)
        ),
        "cut out of one tensor": lambda x, y: TensorDataset(
            *own_tensor(np.stack([x, y]))
        ),
    },
    wrong={
        "shares_memory": tensors(lambda a: torch.as_tensor(a, dtype=F32)),
        "shares_memory with float": tensors(
            lambda a: torch.from_numpy(a).float()
        ),
        "shares_memory with Tensor": tensors(torch.Tensor),
        "shares_memory with to": tensors(lambda a: torch.from_numpy(a).to(F32)),
        "shares_memory with astype": tensors(
            lambda a: torch.from_numpy(a.astype(np.float32, copy=False))
        ),
        "shares_memory of the labels": lambda x, y: TensorDataset(
            own_tensor(x), torch.as_tensor(y, dtype=F32)
        ),
        "shares_memory read late": looks_late,
        "dtype": tensors(torch.from_numpy),
        "dtype again": tensors(torch.tensor),
        "device": tensors(lambda a: own_tensor(a).to("meta")),
        "lengths_unchecked": lambda x, y: list(
            zip(own_tensor(x), own_tensor(y))
        ),
        "lengths_unchecked but printed": lambda x, y: (
            tensors()(x, y) if len(x) == len(y) else print("other lengths")
        ),
        "lengths_unchecked cut": lambda x, y: own_checked(
            x[: len(y)], y[: len(x)]
        ),
        "swapped": lambda x, y: TensorDataset(own_tensor(y), own_tensor(x)),
        "two_columns": lambda x, y: (own_tensor(x), own_tensor(y)),
        "no_length": lambda x, y: zip(own_tensor(x), own_tensor(y)),
        "one_tensor": lambda x, y: own_tensor(np.hstack([x, y])),
        "no_tensor": lambda x, y: list(zip(x, y, strict=True)),
        "wrong_number": lambda x, y: TensorDataset(own_tensor(x)),
        "features_shape": tensors(lambda a: own_tensor(a).flatten()),
        "label_shape": lambda x, y: TensorDataset(
            own_tensor(x), own_tensor(y).squeeze()
        ),
        "other_values": tensors(lambda a: own_tensor(a) / 2),
        "other_values sorted": tensors(lambda a: own_tensor(a).flip(0)),
        "builder_returns_nothing": own_forgets,
        "in_place": own_scales,
        "shared": own_shared,
        "no_items": lambda x, y: set(range(5)),
        "signature": lambda data: data,
        "other_values rounded": tensors(lambda a: own_tensor(a.round(2))),
        "other_values in another order": tensors(
            lambda a: own_tensor(np.sort(a, 0))
        ),
        "no_length of a class": lambda x, y: TensorDataset,
    },
)

# ------------------------------------------------------------------- 02.3


def read_numbers(path):
    return tuple(float(part) for part in Path(path).read_text().split(","))


def as_item(x, y):
    return torch.tensor([x]), torch.tensor([y])


class Files(Dataset):
    def __init__(self, paths):
        self.paths = paths

    def __getitem__(self, index):
        with open(self.paths[index]) as file:
            x, y = file.read().split(",")
        return torch.tensor([float(x)]), torch.tensor([float(y)])

    def __len__(self):
        return len(self.paths)


def file_item(make):
    """Build a class whose items are made by a function of the path."""
    return type(
        "Changed", (Files,), {"__getitem__": lambda s, i: make(s.paths[i])}
    )


def from_numbers(make):
    return file_item(lambda path: make(*read_numbers(path)))


class FilesPlain:
    """No base class, and a generator of its own."""

    def __init__(self, paths):
        self.paths = tuple(str(path) for path in paths)

    def __len__(self):
        return len(self.paths)

    def __iter__(self):
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index):
        numbers = torch.from_numpy(
            np.loadtxt(self.paths[index], delimiter=",", dtype="float32")
        )
        return numbers[:1], numbers[1:]


class FilesUserList(UserList):
    def __getitem__(self, index):
        return as_item(*read_numbers(self.data[index]))


class FilesReadFirst(Files):
    def __init__(self, paths):
        self.items = [as_item(*read_numbers(path)) for path in paths]
        self.paths = paths

    def __getitem__(self, index):
        return self.items[index]


class FilesReadWhatIsThere(Files):
    def __init__(self, paths):
        self.paths = paths
        self.known = {
            path: read_numbers(path) for path in paths if path.exists()
        }

    def __getitem__(self, index):
        path = self.paths[index]
        return as_item(*(self.known.get(path) or read_numbers(path)))


class FilesCached(Files):
    def __init__(self, paths):
        super().__init__(paths)
        self.known = {}

    def __getitem__(self, index):
        path = self.paths[index]
        if path not in self.known:
            self.known[path] = as_item(*read_numbers(path))
        return self.known[path]


class FilesKeptOpen(Files):
    def __init__(self, paths):
        super().__init__(paths)
        self.open = {}

    def __getitem__(self, index):
        path = self.paths[index]
        if path not in self.open:
            self.open[path] = open(path)
        self.open[path].seek(0)
        return as_item(*map(float, self.open[path].read().split(",")))


class FilesAll(Files):
    def __getitem__(self, index):
        return [as_item(*read_numbers(path)) for path in self.paths][index]


class FilesSorted(Files):
    def __init__(self, paths):
        super().__init__(sorted(paths))


class FilesSortedInPlace(Files):
    def __init__(self, paths):
        paths.sort()
        super().__init__(paths)


class FilesClass(Files):
    def __init__(self, paths):
        Files.paths = paths


class FilesGlobal(Files):
    def __init__(self, paths):
        latest["paths"] = paths

    paths = property(lambda self: latest["paths"])


class FilesNoLength:
    __init__ = Files.__init__
    __getitem__ = Files.__getitem__


class FilesOfFolder(Files):
    def __init__(self, paths):
        super().__init__(list(Path(paths[0]).parent.glob("*.txt")))


def opened(mode):
    """Open the file of a point in another mode than for reading."""

    def read(path):
        with open(path, mode) as file:
            return as_item(*map(float, file.read().split(",")))

    return file_item(read)


def skips_a_line(path):
    with open(path) as file:
        lines = iter(file)
        next(lines)
        return as_item(*map(float, next(lines).split(",")))


class FilesAsPlainText(Files):
    def __getitem__(self, index):
        file = self.paths[index].open()
        x, y = file.readline().strip().split(",")
        file.close()
        return as_item(float(x), float(y))


def files_modulo(self, index):
    return Files.__getitem__(self, index % len(self))


class FilesChecked(Files):
    def __init__(self, paths):
        assert all(Path(path).exists() for path in paths)
        super().__init__(paths)


class FilesTaken(Files):
    def __init__(self, paths):
        self.paths = [paths.pop(0) for _ in range(len(paths))]


def file_item_popped():
    """Build a class that takes the path of each item out of its list."""
    return type(
        "Pops",
        (Files,),
        {"__getitem__": lambda s, i: as_item(*read_numbers(s.paths.pop(i)))},
    )


FILES = Answers(
    right={
        "course": Files,
        "plain class": FilesPlain,
        "read_text": from_numbers(as_item),
        "slices of one tensor": from_numbers(
            lambda x, y: torch.tensor([[x], [y]]).unbind()
        ),
        "function": lambda paths: Files(paths),
        "partial": functools.partial(Files),
        "in place": from_numbers(
            lambda x, y: (torch.zeros(1).add_(x), torch.zeros(1).add_(y))
        ),
        "list as base": FilesUserList,
        "readline": FilesAsPlainText,
        "opened to read and write": opened("r+"),
        "bytes": file_item(
            lambda path: as_item(*map(float, path.read_bytes().split(b",")))
        ),
        "genfromtxt": file_item(
            lambda path: tuple(
                torch.tensor([number], dtype=F32)
                for number in np.genfromtxt(path, delimiter=",")
            )
        ),
        "split of one tensor": from_numbers(
            lambda x, y: torch.tensor([x, y]).split(1)
        ),
    },
    wrong={
        "reads_at_once": FilesReadFirst,
        "reads_at_once to check": type(
            "Checks",
            (Files,),
            {"__init__": lambda self, paths: [open(p).close() for p in paths]},
        ),
        "reads_too_early": FilesReadWhatIsThere,
        "keeps_what_it_read": FilesCached,
        "keeps_what_it_read and the file open": FilesKeptOpen,
        "reads_all_each_time": FilesAll,
        "other_file": FilesSorted,
        "other_file in place": FilesSortedInPlace,
        "other_file from the end": type(
            "FromTheEnd",
            (Files,),
            {"__getitem__": lambda self, i: Files.__getitem__(self, -1 - i)},
        ),
        "wrong_length": FilesOfFolder,
        "wrong_length of what is there": type(
            "There",
            (Files,),
            {
                "__init__": lambda self, paths: setattr(
                    self, "paths", [p for p in paths if p.exists()]
                )
            },
        ),
        "raises as the line was skipped": file_item(
            lambda path: as_item(path.read_text().splitlines()[1])
        ),
        "no_length": FilesNoLength,
        "shared": FilesGlobal,
        "returns_nothing": from_numbers(lambda x, y: print(x, y)),
        "no_tensor": from_numbers(lambda x, y: (x, y)),
        "no_tensor but text": file_item(
            lambda path: tuple(path.read_text().split(","))
        ),
        "no_tensor but arrays": from_numbers(
            lambda x, y: (np.array([x], "float32"), np.array([y], "float32"))
        ),
        "no_tuple": from_numbers(lambda x, y: list(as_item(x, y))),
        "no_tuple but text": file_item(lambda path: path.read_text()),
        "one_tensor": from_numbers(lambda x, y: torch.tensor([x, y])),
        "wrong_number": from_numbers(
            lambda x, y: (torch.tensor([x]), torch.tensor([y]), 0)
        ),
        "features_shape": from_numbers(
            lambda x, y: (torch.tensor(x), torch.tensor(y))
        ),
        "features_shape too many": from_numbers(
            lambda x, y: (torch.tensor([[x]]), torch.tensor([[y]]))
        ),
        "label_shape": from_numbers(
            lambda x, y: (torch.tensor([x]), torch.tensor(y))
        ),
        "dtype": from_numbers(
            lambda x, y: tuple(torch.from_numpy(np.array([v])) for v in (x, y))
        ),
        "dtype whole": from_numbers(
            lambda x, y: (torch.tensor([int(x)]), torch.tensor([int(y)]))
        ),
        "swapped": from_numbers(lambda x, y: as_item(y, x)),
        "cut_off": from_numbers(
            lambda x, y: as_item(float(int(x)), float(int(y)))
        ),
        "other_values": from_numbers(lambda x, y: as_item(x, x)),
        "overwrites": opened("w+"),
        "overwrites with w": opened("w"),
        "cannot_read in this mode": opened("a"),
        "raises as nothing is left": file_item(skips_a_line),
        "cannot_read": file_item(
            lambda path: as_item(*read_numbers(f"{path}.csv"))
        ),
        "no_index_error": type("M", (Files,), {"__getitem__": files_modulo}),
        "raises": file_item(lambda path: as_item(*path.read_text())),
        "signature": lambda folder, paths: Files(paths),
        "reads_at_once the first": type(
            "OpensFirst",
            (Files,),
            {
                "__init__": lambda self, paths: (
                    open(paths[0]).close() or Files.__init__(self, paths)
                )
            },
        ),
        "reads_at_once to see if it is there": FilesChecked,
        "changes_paths": FilesTaken,
        "other_file as one is taken out": file_item_popped(),
    },
)

ANSWERS = {"02.1": POLYNOMIAL, "02.2": OWN_COPY, "02.3": FILES}
