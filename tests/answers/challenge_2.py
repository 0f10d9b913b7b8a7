"""Answers to the tasks of challenge 2.

Wrong ones are those of the solution with a line or two written differently.
"""

import gzip
import itertools
import math
import statistics
import struct

import nbformat
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from helpers.course import NOTEBOOKS
from helpers.datasets.letters import load_letters
from helpers.devices import find_device
from helpers.metrics import confusion_matrix, predict_all
from helpers.step_functions import make_train_step_fn
from tests.answers.common import Answers

PAGE = NOTEBOOKS / "challenges" / "an_image_classifier_solution.ipynb"
TASKS = [
    cell.source
    for cell in nbformat.read(PAGE, as_version=4).cells
    if "task" in cell.metadata.get("tags", [])
]
NAMES = {
    **{"gzip": gzip, "np": np, "torch": torch, "F": F, "nn": nn},
    **{"optim": optim, "DataLoader": DataLoader, "find_device": find_device},
    **{"TensorDataset": TensorDataset, "statistics": statistics},
}


def changed(number, *changes):
    """Return what a task's cell defines, with some of its text replaced.

    Args:
        number: of the task, from 1.
        changes: the old text, the new text, and so on.
    """
    source = TASKS[number - 1]
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in source, old
        source = source.replace(old, new)
    space = dict(NAMES)
    exec(compile(source, "<string>", "exec"), space)
    defined = [v for k, v in space.items() if k not in NAMES and k[0] != "_"]
    return tuple(defined) if len(defined) > 1 else defined[0]


# ------------------------------------------------------------------- C2.1


def idx_by_struct(path):
    data = gzip.decompress(open(path, "rb").read())
    zeros, kind, n = struct.unpack(">HBB", data[:4])
    if zeros or kind != 8:
        raise ValueError("not whole numbers from 0 to 255")
    sizes = struct.unpack(f">{n}I", data[4 : 4 + 4 * n])
    if len(data) - 4 - 4 * n != math.prod(sizes):
        raise ValueError("cut off")
    return np.array(list(data[4 + 4 * n :]), dtype=np.uint8).reshape(sizes)


def idx_by_numpy(path):
    with gzip.open(path) as file:
        header = np.frombuffer(file.read(4), np.uint8)
        if header[:3].tolist() != [0, 0, 8]:
            raise ValueError(header)
        sizes = np.frombuffer(file.read(4 * int(header[3])), ">u4")
        # too few and too many both fail here, with a ValueError
        return np.frombuffer(file.read(), np.uint8).reshape(sizes.astype(int))


def idx_piece_by_piece(path):
    with gzip.open(path, "rb") as file:
        if file.read(3) != b"\x00\x00\x08":
            raise ValueError("magic number")
        shape = [
            int.from_bytes(file.read(4), byteorder="big")
            for _ in range(file.read(1)[0])
        ]
        values = bytearray(file.read())
    array = np.frombuffer(values, dtype="uint8")
    if array.size != int(np.prod(shape)):
        raise ValueError(f"{array.size} values for {shape}")
    array.shape = tuple(shape)
    return array


COPY = "return values.reshape(sizes).copy()"
CHECK_SIZE = "if len(values) != np.prod(sizes):"
RAW = Answers(
    right={
        "the solution": changed(1),
        "struct": idx_by_struct,
        "NumPy": idx_by_numpy,
        "piece by piece": idx_piece_by_piece,
        "any gzip": changed(1, 'gzip.open(path, "rb")', "gzip.GzipFile(path)"),
    },
    wrong={
        "returns_nothing": changed(1, COPY, "values.reshape(sizes)"),
        "no_array": changed(1, COPY, "return torch.tensor(values)"),
        "no_array bytes": changed(1, COPY, "return values.tobytes()"),
        "header_left": changed(
            1, "offset=start)", ")", CHECK_SIZE, "if 0:", COPY, "return values"
        ),
        "flat": changed(1, COPY, "return values"),
        "sizes_reversed": changed(
            1, COPY, "return values.reshape(sizes[::-1])"
        ),
        "other_shape": changed(
            1, COPY, "return values.reshape(sizes[0], -1, 1)"
        ),
        "other_dtype": changed(1, COPY, "return values.reshape(sizes) / 255"),
        "other_values": changed(
            1, COPY, 'return values.reshape(sizes, order="F")'
        ),
        "other_values shifted": changed(
            1,
            "offset=start)",
            "offset=start - 2)[:-2]",
        ),
        "refuses": changed(1, 'gzip.open(path, "rb")', 'open(path, "rb")'),
        "refuses text": changed(1, '"rb"', '"rt", encoding="utf-8"'),
        "refuses little": changed(1, '"big"', '"little"'),
        "refuses others": changed(1, "[0, 0, 8])", "[0, 0, 8]) or data[3] > 3"),
        "refuses one size": changed(1, "reshape(sizes)", "reshape(-1, 14, 14)"),
        "other_shape three axes": changed(
            1, "reshape(sizes)", "reshape(-1, 3, 4)"
        ),
        "accepts": changed(1, "if data[:3] != bytes([0, 0, 8]):", "if 0:"),
        "accepts a long one": changed(
            1, "offset=start)", "offset=start, count=int(np.prod(sizes)))"
        ),
        "accepts a part": changed(
            1,
            "if len(values) != np.prod(sizes):",
            "n = sizes[0] = len(values) // int(np.prod(sizes[1:]))\n"
            "    values = values[: n * int(np.prod(sizes[1:]))]\n"
            "    if not n:",
        ),
        "other_error": changed(
            1,
            "if len(values) != np.prod(sizes):",
            "assert len(values) == np.prod(sizes)\n    if 0:",
        ),
        "raises": changed(1, "n_dimensions = data[3]", "n_dimensions = data.n"),
    },
)

# ------------------------------------------------------------------- C2.2


def prepared_by_numpy(images, labels):
    x = images.astype(np.float32)[:, np.newaxis] / np.float32(255)
    return torch.from_numpy(x), torch.from_numpy(labels.astype(np.int64))


def prepared_by_view(images, labels):
    n, height, width = images.shape
    x = torch.from_numpy(images).float().view(n, 1, height, width).div(255.0)
    return [x, torch.as_tensor(labels).long()]


def prepared_one_by_one(images, labels):
    x = torch.stack([torch.tensor(image / 255.0)[None] for image in images])
    return x.float(), torch.LongTensor([int(label) for label in labels])


X = "torch.tensor(images, dtype=torch.float32).unsqueeze(1) / 255"
Y = "torch.tensor(labels, dtype=torch.int64)"
PREPARE = Answers(
    right={
        "the solution": changed(2),
        "NumPy": prepared_by_numpy,
        "view": prepared_by_view,
        "one by one": prepared_one_by_one,
    },
    wrong={
        "returns_nothing": changed(2, "return x, y", "(x, y)"),
        "no_pair": changed(2, "return x, y", "return x"),
        "no_tensors": changed(2, Y, "labels.astype(np.int64)"),
        "swapped": changed(2, "return x, y", "return y, x"),
        "input_changed": changed(2, "y = ", "images[images < 99] = 0; y = "),
        "no_channel": changed(2, ".unsqueeze(1)", ""),
        "channel_last": changed(2, "unsqueeze(1)", "unsqueeze(-1)"),
        "channel_first": changed(2, "unsqueeze(1)", "unsqueeze(0)"),
        "flattened": changed(2, "unsqueeze(1)", "flatten(1)"),
        "other_shape": changed(
            2, "unsqueeze(1)", "unsqueeze(1).repeat(1, 3, 1, 1)"
        ),
        "other_dtype": changed(2, "float32", "float64"),
        "not_scaled": changed(2, " / 255", ""),
        "by_maximum": changed(2, "/ 255", "/ int(images.max())"),
        "by_maximum each": changed(
            2,
            X,
            "torch.tensor(images).unsqueeze(1).float()\n"
            "    x = x / x.amax((1, 2, 3), keepdim=True)",
        ),
        "by_256": changed(2, "/ 255", "/ 256"),
        "whole_numbers": changed(2, "/ 255", "// 255"),
        "scaled_twice": changed(2, "/ 255", "/ 255 / 255"),
        "standardised": changed(
            2, "/ 255", "\n    x = (x - x.mean()) / x.std()"
        ),
        "inverted": changed(2, X, f"1 - {X}"),
        "around_zero": changed(2, "/ 255", "/ 127.5 - 1"),
        "transposed": changed(
            2, X, "torch.tensor(images).mT.unsqueeze(1).float() / 255"
        ),
        "other_pixels": changed(2, "/ 255", "* 255"),
        "one_hot": changed(2, Y, f"F.one_hot({Y}, 10)"),
        "labels_shape": changed(2, Y, f"{Y}.unsqueeze(1)"),
        "labels_dtype": changed(2, "torch.int64", "torch.float32"),
        "labels_dtype as they are": changed(2, Y, "torch.tensor(labels)"),
        "other_labels": changed(2, Y, f"{Y} + 1"),
    },
)

# ------------------------------------------------------------------- C2.3


def loaders_of_subsets(x, y, train_index, val_index, batch_size, seed):
    data = TensorDataset(x, y)
    generator = torch.Generator()
    generator.manual_seed(seed)
    train_data, val_data = Subset(data, train_index), Subset(data, val_index)
    return (
        DataLoader(train_data, batch_size, True, generator=generator),
        DataLoader(val_data, batch_size, drop_last=False),
    )


class Rows(Dataset):
    def __init__(self, x, y, rows):
        self.x, self.y, self.rows = x, y, rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, place):
        row = self.rows[place]
        return self.x[row], self.y[row]


def loaders_of_rows(x, y, train_index, val_index, batch_size, seed):
    sampler = torch.utils.data.RandomSampler(
        train_index, generator=torch.Generator().manual_seed(seed)
    )
    train_data, val_data = Rows(x, y, train_index), Rows(x, y, val_index)
    return (
        DataLoader(train_data, batch_size=batch_size, sampler=sampler),
        DataLoader(val_data, batch_size=batch_size),
    )


class Batches:
    """A loader written by hand."""

    def __init__(self, x, y, size, generator=None):
        self.x, self.y, self.size, self.generator = x, y, size, generator

    def __iter__(self):
        order = torch.arange(len(self.y))
        if self.generator:
            order = torch.randperm(len(self.y), generator=self.generator)
        for rows in order.split(self.size):
            yield self.x[rows], self.y[rows]


def loaders_by_hand(x, y, train_index, val_index, batch_size, seed):
    generator = torch.Generator().manual_seed(seed)
    return (
        Batches(x[train_index], y[train_index], batch_size, generator),
        Batches(x[val_index], y[val_index], batch_size),
    )


GENERATOR = "generator=torch.Generator().manual_seed(seed),"
VAL = "DataLoader(val_data, batch_size=batch_size)"
LOADERS = Answers(
    right={
        "the solution": changed(3),
        "subsets": loaders_of_subsets,
        "rows and a sampler": loaders_of_rows,
        "by hand": loaders_by_hand,
    },
    wrong={
        "returns_nothing": changed(3, "return train_loader, ", "_ = "),
        "no_pair": changed(3, f", {VAL}", ""),
        "no_loaders": changed(3, VAL, "None"),
        "no_loaders once": changed(3, VAL, f"iter({VAL})"),
        "no_pairs": changed(
            3,
            "TensorDataset(x[train_index], y[train_index])",
            "x[train_index]",
        ),
        "global_seed": changed(
            3, GENERATOR, "generator=torch.manual_seed(seed),"
        ),
        "other_size": changed(3, "batch_size=batch_size", "batch_size=64"),
        "swapped": changed(3, "train_index]", "val_index]"),
        "all_rows": changed(3, "[train_index]", ""),
        "row_numbers": changed(3, "[train_index]", "[: len(train_index)]"),
        "left_out": changed(3, "shuffle=True", "shuffle=True, drop_last=True"),
        "other_rows": changed(3, "[train_index]", "[-len(train_index) :]"),
        "labels_apart": changed(3, "y[train_index]", "y[train_index.flip(0)]"),
        "val_shuffled": changed(3, VAL, VAL[:-1] + ", shuffle=True)"),
        "not_shuffled": changed(3, "shuffle=True", "shuffle=False"),
        "one_order": changed(
            3,
            "    train_loader",
            "    order = torch.Generator().manual_seed(seed)\n"
            "    order = torch.randperm(len(train_index), generator=order)\n"
            "    train_index = train_index[order]\n    train_loader",
            "shuffle=True",
            "shuffle=False",
        ),
        "not_seeded": changed(3, GENERATOR, ""),
        "seed_ignored": changed(3, "manual_seed(seed)", "manual_seed(13)"),
        "repeated": changed(
            3, "    train_loader", "    x //= x.max()\n    train_loader"
        ),
        "input_changed": changed(
            3,
            "    train_loader",
            "    train_index[:] = train_index.sort().values\n    train_loader",
        ),
    },
)

# ------------------------------------------------------------------- C2.4


class SmallNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)  # 10
        self.conv2 = nn.Conv2d(6, 12, 3)  # 5 -> 3
        self.norm = nn.BatchNorm2d(12)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(12 * 9, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.norm(self.conv2(x)))
        return self.out(self.drop(x.flatten(1)))


def network_with_mean():
    layers = [nn.Conv2d(1, 12, 3), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Conv2d(12, 24, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(24, 10))


def network_that_is_lazy():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=3),
        nn.Tanh(),
        nn.Flatten(),
        nn.LazyLinear(20, bias=False),
        nn.ReLU(),
        nn.Linear(20, 10),
        nn.LogSoftmax(dim=1),
    )


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Conv2d(1, 2, 14), nn.Flatten(), nn.Linear(2, 10)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class WithUnused(SmallNetwork):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)


class Squeezes(SmallNetwork):
    def forward(self, x):
        return super().forward(x).squeeze()


class NoForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(196, 10)


class ReturnsNothing(SmallNetwork):
    def forward(self, x):
        super().forward(x)


def seeded_network():
    torch.manual_seed(42)
    return SmallNetwork()


def frozen_network():
    network = SmallNetwork()
    network.conv1.requires_grad_(False)
    return network


def blind_network():
    network = SmallNetwork().eval()
    nn.init.zeros_(network.out.weight)
    return network


def linear_network():
    return nn.Sequential(nn.Flatten(), nn.Linear(196, 10))


ONE = SmallNetwork()
SHARED_LAYER = nn.Conv2d(1, 6, 5)


def network_with_shared_layer():
    network = SmallNetwork()
    network.conv1 = SHARED_LAYER
    return network


LAST = "nn.Linear(16 * 3 * 3, 10),"
NETWORK = Answers(
    right={
        "the solution": changed(4),
        "a class": SmallNetwork,
        "a mean over places": network_with_mean,
        "lazy": network_that_is_lazy,
    },
    wrong={
        "returns_nothing": changed(4, "return nn", "_ = nn"),
        "no_function": SmallNetwork(),
        "no_network": lambda: SmallNetwork,
        "no_network layers": lambda: [nn.Conv2d(1, 2, 3), nn.ReLU()],
        "no_forward": NoForward,
        "does_not_fit": changed(4, "nn.Conv2d(1, 8", "nn.Conv2d(3, 8"),
        "does_not_fit the linear layer": changed(4, ", padding=1", ""),
        "no_tensor": ReturnsNothing,
        "one_image": Squeezes,
        "other_shape": changed(4, "3 * 3, 10)", "3 * 3, 26)"),
        "no_parameters": Nested,
        "too_large": changed(
            4, LAST, "nn.Linear(144, 64), nn.ReLU(), nn.Linear(64, 10),"
        ),
        "frozen": frozen_network,
        "shared at all": lambda: ONE,
        "shared": network_with_shared_layer,
        "equal_start": seeded_network,
        "softmax": changed(4, LAST, f"{LAST} nn.Softmax(dim=1),"),
        "sigmoid": changed(4, LAST, f"{LAST} nn.Sigmoid(),"),
        "relu_at_end": changed(4, LAST, f"{LAST} nn.ReLU(),"),
        "unused": WithUnused,
        "no_convolution": linear_network,
        "signature": lambda n_maps: SmallNetwork(),
    },
)

# ------------------------------------------------------------------- C2.5


def train_with_helpers(
    device, model, optimizer, train_loader, val_loader, n_epochs
):
    step_fn = make_train_step_fn(model, nn.CrossEntropyLoss(), optimizer)
    losses, accuracies = [], []
    for _ in range(n_epochs):
        total, n = 0.0, 0
        for x, y in train_loader:
            total += step_fn(x.to(device), y.to(device)) * len(x)
            n += len(x)
        losses.append(total / n)
        logits, labels = predict_all(model, val_loader, device)
        accuracies.append((logits.argmax(1) == labels).float().mean().item())
    return losses, accuracies


def train_by_mini_batch(
    device, model, optimizer, train_loader, val_loader, n_epochs
):
    def train_step(x, y):
        model.train()
        loss = F.nll_loss(model(x).log_softmax(1), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    def count_step(x, y):
        model.eval()
        return (model(x).max(1).indices == y).double().mean().item()

    losses, accuracies = [], []
    for _ in range(n_epochs):
        triples = []
        for x, y in train_loader:
            triples.append((train_step(x.to(device), y.to(device)), len(y)))
        n = sum(size for _, size in triples)
        losses += [sum(loss * size for loss, size in triples) / n]
        with torch.inference_mode():
            right = 0.0
            for x, y in val_loader:
                x, y = x.to(device), y.to(device)
                right += count_step(x, y) * len(y)
        accuracies += [right / len(val_loader.dataset)]
    return losses, accuracies


def train_in_lists(
    device, model, optimizer, train_loader, val_loader, n_epochs
):
    history = []
    for _ in range(n_epochs):
        model.train(True)
        each = []
        for xb, yb in train_loader:
            xb, yb = xb.to(device), yb.to(device)
            optimizer.zero_grad(set_to_none=False)
            parts = F.cross_entropy(model(xb), yb, reduction="none")
            parts.mean().backward()
            optimizer.step()
            each += parts.detach().tolist()
        model.train(False)
        hits = []
        torch.set_grad_enabled(False)
        for xb, yb in val_loader:
            hits += (model(xb.to(device)).argmax(-1).cpu() == yb).tolist()
        torch.set_grad_enabled(True)
        history.append((sum(each) / len(each), sum(hits) / len(hits)))
    return [loss for loss, _ in history], [share for _, share in history]


TOTAL = "total / len(train_loader.dataset)"
CORRECT = "correct / len(val_loader.dataset)"
RETURN = "    return losses, accuracies"
TRAIN = Answers(
    right={
        "the solution": changed(5),
        "helpers": train_with_helpers,
        "steps": train_by_mini_batch,
        "lists": train_in_lists,
    },
    wrong={
        "returns_nothing": changed(5, RETURN, ""),
        "no_pair": changed(5, RETURN, "    return losses"),
        "never_trains": changed(5, "in train_loader", "in val_loader"),
        "other_parameters no backward": changed(
            5, "loss.backward()", "continue"
        ),
        "never_validates": changed(5, "in val_loader", "in train_loader"),
        "no_train_mode": changed(5, "model.train()", "pass"),
        "no_train_mode but once": changed(
            5,
            "        model.train()\n",
            "",
            "    losses, acc",
            "    model.train()\n    losses, acc",
        ),
        "no_eval_mode": changed(5, "model.eval()", "pass"),
        "records_validation": changed(5, "with torch.no_grad()", "if True"),
        "recording_left_off": changed(
            5, RETURN, f"    torch.set_grad_enabled(False)\n{RETURN}"
        ),
        "no_zero_grad": changed(5, "optimizer.zero_grad()", "pass"),
        "other_parameters": changed(
            5,
            "model(x_batch.to(device)), y",
            "model(x_batch.to(device)).softmax(1), y",
        ),
        "other_parameters steps": changed(
            5,
            "            optimizer.step()\n",
            "",
            "        model.eval()",
            "        optimizer.step()\n        model.eval()",
        ),
        "no_lists": changed(5, RETURN, "    return losses[-1], accuracies[-1]"),
        "other_length": changed(5, RETURN, f"    {RETURN}"),
        "no_floats": changed(5, "right.sum().item()", "right.sum()"),
        "swapped": changed(5, RETURN, "    return accuracies, losses"),
        "plain_mean": changed(
            5, " * len(y_batch)", "", TOTAL, "total / len(train_loader)"
        ),
        "sum": changed(5, TOTAL, "total"),
        "sum of the batches": changed(5, " * len(y_batch)", "", TOTAL, "total"),
        "last_batch": changed(5, TOTAL, "loss.item()"),
        "other_losses": changed(5, TOTAL, f"round({TOTAL}, 2)"),
        "mean_of_batches": changed(
            5,
            "right.sum()",
            "right.float().mean()",
            CORRECT,
            "correct / len(val_loader)",
        ),
        "nominal_size": changed(
            5, CORRECT, "correct / (len(val_loader) * val_loader.batch_size)"
        ),
        "count": changed(5, CORRECT, "float(correct)"),
        "by_batches": changed(5, CORRECT, "correct / len(val_loader)"),
        "percent": changed(5, CORRECT, f"100 * {CORRECT}"),
        "wrong_ones": changed(5, "dim=1) ==", "dim=1) !="),
        "last_batch accuracy": changed(
            5, CORRECT, "right.float().mean().item()"
        ),
        "other_accuracies": changed(
            5,
            "total, correct = 0.0, 0",
            "total = 0.0",
            "losses, accuracies = [], []",
            "losses, accuracies, correct = [], [], 0",
        ),
        "not_moved": changed(5, "x_batch.to(device)", "x_batch"),
        "not_moved labels": changed(5, "y_batch = y_batch.to(device)", "pass"),
    },
)

# ------------------------------------------------------------------- C2.6


def splits_by_torch(families, measure):
    families = torch.as_tensor(families)
    generator = torch.Generator().manual_seed(1)
    order = torch.randperm(len(families), generator=generator)
    val, train = order.split([len(order) // 5, len(order) - len(order) // 5])
    first = measure(train, val)
    second = [
        measure(
            (families != f).nonzero()[:, 0], (families == f).nonzero()[:, 0]
        )
        for f in families.unique()
    ]
    return first, statistics.mean(second), "by family"


def splits_in_lists(families, measure):
    results = []
    for family in sorted(set(families.tolist())):
        inside = [i for i, f in enumerate(families) if f == family]
        outside = [i for i, f in enumerate(families) if f != family]
        results.append(measure(outside, inside))
    rows = np.random.default_rng(0).permutation(len(families)).tolist()
    part = len(rows) // 5
    random = measure(rows[part:], rows[:part])
    return [random, float(np.mean(results)), "by family"]


def splits_several_times(families, measure):
    n, generator = len(families), np.random.RandomState(7)
    orders = [generator.permutation(n) for _ in range(3)]
    random = np.mean([measure(o[n // 5 :], o[: n // 5]) for o in orders])
    names = dict.fromkeys(families.tolist())
    for name in names:
        (inside,) = np.where(families == name)
        names[name] = measure(np.setdiff1d(np.arange(n), inside), inside)
    return random, sum(names.values()) / len(names), "by family"


END = 'return random, sum(by_family) / len(by_family), "by family"'
MEAN = "sum(by_family) / len(by_family)"
SPLITS = Answers(
    right={
        "the solution": changed(6),
        "torch": splits_by_torch,
        "lists": splits_in_lists,
        "several random splits": splits_several_times,
    },
    wrong={
        "returns_nothing": changed(6, "return random", "_ = random"),
        "no_three": changed(6, ', "by family"', ""),
        "no_floats": changed(6, MEAN, "by_family"),
        "no_name": changed(6, '"by family"', "by_family[0]"),
        "masks": changed(
            6,
            "np.flatnonzero(~inside), np.flatnonzero(inside)",
            "~inside, inside",
        ),
        "tuples": changed(6, "np.flatnonzero(inside)", "np.where(inside)"),
        "empty": changed(6, "np.unique(families)", "range(7)"),
        "overlap": changed(6, "order[:cut], order", "order, order"),
        "families_as_rows": changed(
            6,
            "rows = np.flatnonzero(~inside), np.flatnonzero(inside)",
            "rows = [f for f in np.unique(families) if f != family], [family]",
        ),
        "rows_left_out": changed(6, "order[cut:]", "order[cut : cut + 9]"),
        "swapped": changed(
            6, "order[:cut], order[cut:]", "order[cut:], order[:cut]"
        ),
        "no_measure": lambda families, measure: (0.98, 0.9, "by family"),
        "no_random": changed(
            6,
            "random = measure(order[:cut], order[cut:])",
            "random = measure(*(np.flatnonzero(c) for c in "
            "(families != families[0], families == families[0])))",
        ),
        "not_shuffled": changed(
            6, "np.random.RandomState(13).permutation(n)", "np.arange(n)"
        ),
        "several_families": changed(
            6, "families == family", "families <= np.unique(families)[1]"
        ),
        "no_family": changed(
            6,
            "families == family",
            "np.random.RandomState(family).rand(n) < 0.2",
        ),
        "family_missing": changed(
            6, "np.unique(families)", "np.unique(families)[1:]"
        ),
        "family_twice": changed(
            6, "np.unique(families)", "np.unique(families).repeat(2)"
        ),
        "not_seeded": changed(6, "RandomState(13)", "RandomState()"),
        "share": changed(6, "0.8 * n", "0.5 * n"),
        "swapped_numbers": changed(
            6, END, END.replace(f"random, {MEAN}", f"{MEAN}, random")
        ),
        "other_value": changed(6, "return random", "return 100 * random"),
        "last_family": changed(6, MEAN, "by_family[-1]"),
        "first_family": changed(6, MEAN, "by_family[0]"),
        "worst_family": changed(6, MEAN, "min(by_family)"),
        "best_family": changed(6, MEAN, "max(by_family)"),
        "sum": changed(6, MEAN, "sum(by_family)"),
        "median": changed(6, MEAN, "float(np.median(by_family))"),
        "believes_random": changed(6, '"by family"', '"random"'),
        "believes_higher": changed(
            6, '"by family"', f'"random" if random > {MEAN} else "by family"'
        ),
        "believes_lower": changed(
            6, '"by family"', f'"random" if random < {MEAN} else "by family"'
        ),
        "input_changed": changed(
            6, "n = len(families)", "n = len(families); families.sort()"
        ),
    },
)

# ------------------------------------------------------------------- C2.7


def best_by_product(lrs, seeds, measure):
    runs = {pair: measure(*pair)[0] for pair in itertools.product(lrs, seeds)}
    means = {
        lr: statistics.fmean(runs[lr, seed] for seed in seeds) for lr in lrs
    }
    return sorted(means, key=lambda lr: means[lr])[-1], means


def best_by_array(lrs, seeds, measure):
    table = np.array([[measure(lr, s) for s in seeds] for lr in lrs])
    means = table[:, :, 0].mean(axis=1)
    best_lr = lrs[int(means.argmax())]
    return [best_lr, dict(zip(lrs, means, strict=True))]


def best_seed_by_seed(lrs, seeds, measure):
    means, best = dict.fromkeys(lrs, 0.0), None
    for seed in seeds:
        for lr in lrs:
            val_accuracy, _test_accuracy = measure(lr, seed)
            means[lr] += val_accuracy / len(seeds)
    for lr, mean in means.items():
        if best is None or mean > means[best]:
            best = lr
    return best, means


M = "sum(accuracies) / len(accuracies)"
BEST = "max(means, key=means.get)"
SWEEP = Answers(
    right={
        "the solution": changed(7),
        "product": best_by_product,
        "array": best_by_array,
        "seed by seed": best_seed_by_seed,
    },
    wrong={
        "returns_nothing": changed(7, "return max", "_ = max"),
        "no_measure": lambda lrs, seeds, measure: (
            lrs[0],
            dict.fromkeys(lrs, 0.5),
        ),
        "swapped": changed(7, "measure(lr, seed)", "measure(seed, lr)"),
        "other_runs": changed(7, "in seeds", "in range(3)"),
        "missing": changed(7, "in seeds", "in seeds[:1]"),
        "repeated": changed(
            7, "means[lr] =", "measure(lr, seeds[0]); means[lr] ="
        ),
        "no_pair": changed(7, f"{BEST}, means", BEST),
        "swapped_results": changed(7, f"{BEST}, means", f"means, {BEST}"),
        "no_dictionary": changed(7, f"{BEST}, means", f"{BEST}, means[{BEST}]"),
        "other_keys": changed(7, "means[lr] =", "means[str(lr)] ="),
        "no_floats": changed(
            7, M, "accuracies", BEST, "max(means, key=lambda k: max(means[k]))"
        ),
        "means_of_test": changed(7, "seed)[0]", "seed)[1]"),
        "means_of_both": changed(
            7, "measure(lr, seed)[0]", "sum(measure(lr, seed)) / 2"
        ),
        "best_seed": changed(7, M, "max(accuracies)"),
        "last_seed": changed(7, M, "accuracies[-1]"),
        "first_seed": changed(7, M, "accuracies[0]"),
        "sums": changed(7, M, "sum(accuracies)"),
        "worst_seed": changed(7, M, "min(accuracies)"),
        "medians": changed(7, M, "float(np.median(accuracies))"),
        "other_value": changed(7, M, f"round({M}, 1)"),
        "index": changed(
            7, BEST, "list(means.values()).index(max(means.values()))"
        ),
        "value": changed(7, BEST, "max(means.values())"),
        "lowest": changed(7, BEST, "min(means, key=means.get)"),
        "chosen_on_test": changed(
            7,
            "means = {}",
            "means, tests = {}, {}",
            "accuracies = [measure(lr, seed)[0] for seed in seeds]",
            "pairs = [measure(lr, seed) for seed in seeds]\n"
            "        accuracies, tests[lr] = zip(*pairs)",
            BEST,
            "max(tests, key=tests.get)",
        ),
        "lucky_run": changed(
            7,
            "means = {}",
            "means, runs = {}, {}",
            "means[lr] =",
            "runs[lr] = max(accuracies); means[lr] =",
            BEST,
            "max(runs, key=runs.get)",
        ),
        "other_best": changed(7, BEST, "max(means)"),
        "input_changed": changed(7, "means = {}", "means = {}; lrs.sort()"),
    },
)

# ------------------------------------------------------------------- C2.8


def save_in_tuple(path, epoch, model, optimizer, generator):
    states = model.state_dict(), optimizer.state_dict()
    with open(path, "wb") as file:
        torch.save((int(epoch), *states, generator.get_state()), file)


def resume_from_tuple(path, model, optimizer, generator):
    with open(path, "rb") as file:
        epoch, one, two, state = torch.load(file, weights_only=True)
    generator.set_state(state)
    optimizer.load_state_dict(two)
    model.load_state_dict(one, strict=True)
    model.train(True)
    return epoch


def save_as_list(path, epoch, model, optimizer, generator):
    place = generator.get_state().tolist()
    parts = {"m": model.state_dict(), "o": optimizer.state_dict()}
    torch.save({**parts, "e": torch.tensor(epoch), "g": place}, str(path))


def resume_from_list(path, model, optimizer, generator):
    parts = torch.load(path, weights_only=True)
    for one, name in ((model.train(), "m"), (optimizer, "o")):
        one.load_state_dict(parts[name])
    generator.set_state(torch.tensor(parts["g"], dtype=torch.uint8))
    return parts["e"].item()


def resume_by_copy(path, model, optimizer, generator):
    state = torch.load(path, map_location=torch.device("cpu"))
    with torch.no_grad():
        for name, value in model.state_dict().items():
            value.copy_(state["model"][name])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"].clone())
    for module in model.modules():
        module.training = True
    return int(state["epoch"])


CHECKPOINT = Answers(
    right={
        "the solution": changed(8),
        "a tuple": (save_in_tuple, resume_from_tuple),
        "a list": (save_as_list, resume_from_list),
        "copied": (changed(8)[0], resume_by_copy),
    },
    wrong={
        "no_file": changed(8, "    torch.save(state, path)", ""),
        "not_loadable": changed(8, "model.state_dict()", "model"),
        "not_loadable generator": changed(
            8, "generator.get_state()", "generator"
        ),
        "save_changes": changed(
            8, "torch.save(state", "model.eval(); torch.save(state"
        ),
        "save_changes draws": changed(
            8,
            "torch.save(state",
            "torch.rand(1, generator=generator); torch.save(state",
        ),
        "no_epoch": changed(8, 'return state["epoch"]', ""),
        "epoch": changed(8, 'return state["epoch"]', "return state"),
        "epoch counted": changed(8, '["epoch"]', '["epoch"] + 1'),
        "epoch first": changed(
            8,
            "torch.save(state, path)",
            "import os; os.path.exists(path) or torch.save(state, path)",
        ),
        "model_left_out": changed(
            8, 'model.load_state_dict(state["model"])', "pass"
        ),
        "buffers_left_out": changed(
            8,
            "model.state_dict()",
            "dict(model.named_parameters())",
            'state["model"])',
            'state["model"], strict=False)',
        ),
        "optimizer_left_out": changed(
            8, 'optimizer.load_state_dict(state["optimizer"])', "pass"
        ),
        "no_train_mode": changed(8, "model.train()", "pass"),
        "global_generator": changed(
            8,
            "generator.get_state()",
            "torch.get_rng_state()",
            "generator.set_state(",
            "torch.set_rng_state(",
        ),
        "begins_anew": changed(
            8,
            "generator.get_state()",
            "generator.initial_seed()",
            "set_state(",
            "manual_seed(",
        ),
        "generator_left_out": changed(
            8, 'generator.set_state(state["generator"])', "pass"
        ),
        "generator": changed(
            8,
            'generator.set_state(state["generator"])',
            'generator.set_state(state["generator"])\n'
            "    torch.randperm(9, generator=generator)",
        ),
        "goes_on_otherwise": changed(
            8, 'state["model"])', 'state["model"], assign=True)'
        ),
        "settings": changed(
            8,
            "model.train()",
            'optimizer.param_groups[0]["lr"] = 0.01; model.train()',
        ),
    },
)

# ------------------------------------------------------------------- C2.9


class Nearest(nn.Module):
    """The nearest image in pixels: nothing to train, and quick."""

    def __init__(self, x, y):
        super().__init__()
        self.register_buffer("x", x.flatten(1))
        self.register_buffer("y", F.one_hot(y, 10).float())
        self.sharpness = nn.Parameter(torch.tensor(9.0))

    def forward(self, x):
        near = -torch.cdist(x.flatten(1), self.x) * self.sharpness
        return near.softmax(1) @ self.y


def fit_nearest(images, labels):
    x = torch.tensor(images).float().unsqueeze(1) / 255
    return Nearest(x, torch.tensor(labels).long()).train()


def predict_in_pieces(model, images):
    model.eval()
    found = []
    with torch.inference_mode():
        for image in images:
            x = torch.tensor(image / 255, dtype=torch.float32)
            found.append(model(x[None, None])[0].argmax())
    return torch.stack(found)


def predict_by_max(model, images):
    was = model.training
    x = torch.from_numpy(images[:, None].astype("float32") / 255)
    with torch.no_grad():
        yhat = model.eval()(x).softmax(1)
    model.train(was)
    return yhat.max(dim=1)[1]


def fit_page(images, labels):
    return fit_nearest(load_letters().images, load_letters().labels)


def fit_few(images, labels):
    return fit_nearest(images[-300:], labels[-300:])


def fit_untrained(images, labels):
    return SmallNetwork()


def fit_large(images, labels):
    return nn.Sequential(nn.Flatten(), nn.Linear(196, 100), nn.Linear(100, 10))


def fit_off(images, labels):
    torch.set_grad_enabled(False)
    return fit_nearest(images, labels)


GLOBAL_MODEL = SmallNetwork().eval()
SOLVED = "\n".join(TASKS[k] for k in (1, 2, 3, 4, 8))


def whole(*changes):
    """Return `fit` and `predict` of the solution, with what they use."""
    source = SOLVED
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in source, old
        source = source.replace(old, new)
    space = dict(NAMES)
    exec(compile(source, "<string>", "exec"), space)
    return space["fit"], space["predict"]


def predicts(*changes):
    """Return a quick `fit`, and `predict` with some of its text replaced."""
    return fit_nearest, whole(*changes)[1]


ANSWER = "return model(x.to(device)).argmax(dim=1).cpu()"
PREDICT_X = "x, _ = prepare(images, np.zeros(len(images)))"
PREDICTION = Answers(
    right={
        "the solution": whole(),
        "pieces": (fit_nearest, predict_in_pieces),
        "max": (fit_nearest, predict_by_max),
        "nearest": predicts("torch.no_grad", "torch.inference_mode"),
    },
    wrong={
        "no_model": (lambda images, labels: [0.1], whole()[1]),
        "too_large": (fit_large, whole()[1]),
        "grad_left_off": (fit_off, whole()[1]),
        "grad_left_off in predict": predicts(
            "    model.eval()\n    with",
            "    model.eval()\n    torch.set_grad_enabled(False)\n    with",
        ),
        "chance": (fit_untrained, whole()[1]),
        "not_good_enough": (fit_few, whole()[1]),
        "labels_ignored": (fit_page, whole()[1]),
        "input_changed": predicts(PREDICT_X, f"{PREDICT_X}; images[:] = 0"),
        "returns_nothing": predicts(ANSWER, ANSWER.replace("return ", "")),
        "no_tensor": predicts(ANSWER, f"{ANSWER}.tolist()"),
        "logits": predicts(".argmax(dim=1)", ""),
        "one_image": predicts(ANSWER, f"{ANSWER}.squeeze()"),
        "shape": predicts(".argmax(dim=1)", ".argmax(dim=0)"),
        "shape one": predicts(".argmax(dim=1)", ".argmax()"),
        "dtype": predicts(".argmax(dim=1)", ".amax(dim=1)"),
        "model_not_used": (
            fit_nearest,
            lambda model, images: torch.zeros(len(images)).long(),
        ),
        "train_mode": predicts(
            "    model.eval()\n    with torch.no_grad():\n        return",
            "    with torch.no_grad():\n        return",
        ),
        "recorded": predicts(
            "with torch.no_grad():\n        return", "if True:\n        return"
        ),
        "other_shape": predicts("x.to(device)", "x.flatten(1).to(device)"),
        "not_scaled": predicts(
            PREDICT_X, "x = torch.tensor(images)[:, None].float()"
        ),
        "by_maximum": predicts(PREDICT_X, f"{PREDICT_X}; x = x / x.max()"),
        "scaled_twice": predicts(PREDICT_X, f"{PREDICT_X}; x = x / 255"),
        "other_answers": predicts("argmax(dim=1)", "argmin(dim=1)"),
    },
)

# ------------------------------------------------------------------ C2.10


def report_by_loop(predicted, labels, class_names):
    n = len(class_names)
    matrix = torch.zeros(n, n, dtype=torch.long)
    for label, guess in zip(labels, predicted, strict=True):
        matrix[label, guess] += 1
    best = ("", "", -1)
    for one, two in itertools.combinations(range(n), 2):
        count = int(matrix[one, two] + matrix[two, one])
        if count > best[2]:
            best = (class_names[one], class_names[two], count)
    return matrix, best


def report_by_helper(predicted, labels, class_names):
    matrix = confusion_matrix(predicted, labels, len(class_names))
    upper = torch.triu(matrix + matrix.T, diagonal=1)
    place = upper.argmax().item()
    one, two = divmod(place, len(class_names))
    return matrix, [class_names[one], class_names[two], upper.max().item()]


def report_by_put(predicted, labels, class_names):
    n = len(class_names)
    matrix = torch.zeros((n, n), dtype=torch.int64)
    ones = torch.ones_like(labels)
    matrix.index_put_((labels, predicted), ones, accumulate=True)
    both = (matrix + matrix.T).fill_diagonal_(0)
    one, two = sorted(np.unravel_index(int(both.argmax()), (n, n)))
    count = int(both[one, two])
    return matrix, (class_names[one], class_names[two], count)


MATRIX = "cells.reshape(n, n)"
PAIR = "(class_names[first], class_names[second], count)"
REPORT = Answers(
    right={
        "the solution": changed(10),
        "a loop": report_by_loop,
        "a helper": report_by_helper,
        "index_put_": report_by_put,
    },
    wrong={
        "returns_nothing": changed(10, "return matrix", "_ = matrix"),
        "no_pair": changed(10, f"matrix, {PAIR}", "matrix"),
        "swapped": changed(10, f"matrix, {PAIR}", f"{PAIR}, matrix"),
        "no_tensor": changed(10, f"matrix, {PAIR}", f"matrix.tolist(), {PAIR}"),
        "other_shape": changed(10, f"matrix, {PAIR}", f"matrix[:2], {PAIR}"),
        "other_dtype": changed(10, MATRIX, f"{MATRIX}.float()"),
        "transposed": changed(
            10, "labels * n + predicted", "predicted * n + labels"
        ),
        "ones": changed(
            10,
            MATRIX,
            "torch.zeros(n, n).long(); matrix[labels, predicted] += 1",
        ),
        "mistakes_only": changed(10, MATRIX, f"{MATRIX}.fill_diagonal_(0)"),
        "other_value": changed(10, MATRIX, f"2 * {MATRIX}"),
        "no_three": changed(10, PAIR, "(class_names[first], count)"),
        "numbers": changed(10, PAIR, "(first, second, count)"),
        "same_letter": changed(10, "range(one + 1, n)", "range(n)"),
        "no_count": changed(
            10,
            "count = both[first, second].item()",
            "count = both[first, second]",
        ),
        "one_direction": changed(
            10, "matrix + matrix.T", "torch.maximum(matrix, matrix.T)"
        ),
        "one_direction count": changed(10, "count = both[", "count = matrix["),
        "other_pair": changed(10, "count =", "first, second = 0, 3; count ="),
        "double_count": changed(10, "count = both", "count = 2 * both"),
        "other_count": changed(10, "second].item()", "second].item() + 1"),
        "order": changed(
            10, PAIR, "(class_names[second], class_names[first], count)"
        ),
        "input_changed": changed(
            10, "n = len(class_names)", "n = len(class_names); labels.zero_()"
        ),
        "rarest": changed(
            10,
            "_, first, second = max",
            "_, first, second = min",
            "range(one + 1, n)",
            "range(one + 1, n) if both[one, two]",
        ),
    },
)

ANSWERS = {
    "C2.1": RAW,
    "C2.2": PREPARE,
    "C2.3": LOADERS,
    "C2.4": NETWORK,
    "C2.5": TRAIN,
    "C2.6": SPLITS,
    "C2.7": SWEEP,
    "C2.8": CHECKPOINT,
    "C2.9": PREDICTION,
    "C2.10": REPORT,
}
