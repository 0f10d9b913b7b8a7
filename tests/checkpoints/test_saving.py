"""Checkpoints: whole or not at all, and nothing foreign or damaged loads.

Kills by signal and a real limit on the size of files are in `torture.py`,
which `test_torture.py` runs.
"""

import collections
import datetime
import enum
import errno
import io
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from torch import nn, optim

from helpers import checkpoints
from helpers.checkpoints import (
    load_checkpoint,
    load_model,
    read_checkpoint,
    save_checkpoint,
)
from helpers.errors import CheckpointError
from helpers.pipeline import Configuration
from tests.tools import assert_one_sentence, identical, state_of

LOSSES, VAL_LOSSES = [0.5, 0.25], [0.75, 0.5]


def network(n_in=3, n_hidden=4):
    return nn.Sequential(
        nn.Linear(n_in, n_hidden),
        nn.BatchNorm1d(n_hidden),
        nn.Dropout(0.2),
        nn.Linear(n_hidden, 1),
    )


def configure(
    model=None, make_optimizer=None, make_scheduler=None, seed=1, n_steps=2
):
    """Return a configuration that was trained for two steps."""
    torch.manual_seed(seed)
    model = network() if model is None else model
    make_optimizer = make_optimizer or (
        lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9)
    )
    optimizer = make_optimizer(list(model.parameters()))
    configuration = Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=nn.MSELoss(),
        optimizer=optimizer,
    )
    if make_scheduler is not None:
        configuration.scheduler = make_scheduler(optimizer)
    for _ in range(n_steps):
        x = torch.randn(6, next(model.parameters()).shape[1])
        model(x).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        if configuration.scheduler is not None:
            configuration.scheduler.step()
    return configuration


def step_lr(optimizer):
    return optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)


@pytest.fixture
def saved(tmp_path):
    """A checkpoint that a training with momentum wrote."""
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, configure(seed=1), LOSSES, VAL_LOSSES)
    return path


def refuses(path, configuration=None, *, read=False):
    """Check that a file is refused in one sentence, and changes nothing."""
    configuration = configuration or configure(seed=2)
    before = state_of(configuration)
    functions = [
        lambda: load_checkpoint(path, configuration),
        lambda: load_model(path, configuration.model),
    ]
    if read:  # the file itself is at fault, not what it is loaded into
        functions.append(lambda: read_checkpoint(path))
    else:
        functions.pop()
    for function in functions:
        with pytest.raises(CheckpointError) as caught:
            function()
        said = assert_one_sentence(caught.value)
        assert identical(state_of(configuration), before)
    return said


# ------------------------------------------------------------- round trip


@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda p: optim.SGD(p, lr=0.1),
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        lambda p: optim.Adam(p, lr=0.01),
        lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
        lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
        lambda p: optim.Adagrad(p, lr=0.01),
        lambda p: optim.Adadelta(p),
        lambda p: optim.NAdam(p),
        lambda p: optim.ASGD(p),
        lambda p: optim.Rprop(p),
        lambda p: optim.SGD(
            [{"params": p[:2]}, {"params": p[2:], "lr": 0.01}],
            lr=0.1,
            momentum=0.9,
        ),
    ],
)
def test_what_is_saved_comes_back(make_optimizer, tmp_path):
    path = tmp_path / "new folder" / "checkpoint.pt"
    source = configure(make_optimizer=make_optimizer, make_scheduler=step_lr)
    save_checkpoint(path, source, LOSSES, VAL_LOSSES)
    target = configure(
        make_optimizer=make_optimizer, make_scheduler=step_lr, seed=2
    )
    target.model.eval()
    assert not identical(state_of(source), state_of(target))
    checkpoint = load_checkpoint(path, target)
    assert checkpoint.epoch == 2
    assert (checkpoint.losses, checkpoint.val_losses) == (LOSSES, VAL_LOSSES)
    assert identical(state_of(source)[:-1], state_of(target)[:-1])
    assert not target.model.training  # the mode is the caller's business
    assert [f.name for f in path.parent.iterdir()] == ["checkpoint.pt"]


def test_numpy_scalars_become_numbers(tmp_path):
    path = tmp_path / "checkpoint.pt"
    losses = [np.mean([0.5, 0.25]), np.float32(0.5), 1]
    save_checkpoint(path, configure(), losses, losses)
    # torch itself is the reference: the safe loader reads the file
    state = torch.load(path, weights_only=True)
    assert [type(loss) for loss in state["loss"]] == [float, float, int]
    assert state["loss"] == [0.375, 0.5, 1]


def test_a_view_does_not_drag_the_whole_tensor_along(tmp_path):
    path = tmp_path / "checkpoint.pt"
    model = nn.Linear(2, 1)
    model.weight = nn.Parameter(torch.zeros(1000, 1000)[:1, :2])
    save_checkpoint(path, configure(model=model), LOSSES, VAL_LOSSES)
    assert path.stat().st_size < 20_000


def test_loading_a_model_leaves_its_mode_alone(saved):
    model = network().eval()
    assert load_model(saved, model) is model
    assert not model.training
    assert identical(
        dict(model.state_dict()), read_checkpoint(saved)["model_state_dict"]
    )


# ----------------------------------------------------- saves that fail


class Colour(enum.IntEnum):
    RED = 1


class Name(str):
    __slots__ = ()


def endless():
    value = []
    value.append(value)
    return value


def deep():
    value = []
    for _ in range(100_000):
        value = [value]
    return value


UNSAVEABLE = {
    "a function": lambda: lambda: 0,
    "a set": lambda: {1},
    "bytes": lambda: b"abc",
    "a complex number": lambda: 1j,
    "a module": lambda: nn.Linear(1, 1),
    "an array": lambda: np.zeros(3),
    "a date": lambda: np.datetime64("2020-01-01"),
    "a long double": lambda: np.longdouble(1),
    "a sparse tensor": lambda: torch.eye(3).to_sparse(),
    "a quantized tensor": lambda: torch.quantize_per_tensor(
        torch.ones(2), 0.1, 0, torch.qint8
    ),
    "a tensor without values": lambda: torch.ones(2, device="meta"),
    "a list that holds itself": endless,
    "a list a hundred thousand deep": deep,
    "a number of 900 digits": lambda: 10**900,
    "a day": lambda: datetime.date(2020, 1, 1),
}


@pytest.mark.filterwarnings("ignore:.*quantiz.*")
@pytest.mark.parametrize("name", UNSAVEABLE)
@pytest.mark.parametrize("place", ["loss", "optimizer"])
def test_what_cannot_be_saved_leaves_the_old_file(name, place, saved):
    before = saved.read_bytes()
    configuration, losses = configure(seed=2), LOSSES
    if place == "loss":
        losses = [0.5, UNSAVEABLE[name]()]
    else:
        configuration.optimizer.param_groups[0]["extra"] = UNSAVEABLE[name]()
    with pytest.raises(CheckpointError) as caught:
        save_checkpoint(saved, configuration, losses, VAL_LOSSES)
    assert_one_sentence(caught.value)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


@pytest.mark.parametrize("extra", [Colour.RED, Name("x"), np.bool_(True)])
def test_subclasses_of_plain_values_come_back_plain(extra, saved):
    # pickled as they are, they would make a file that nothing can load
    configuration = configure(seed=2)
    configuration.optimizer.param_groups[0]["extra"] = extra
    save_checkpoint(saved, configuration, LOSSES, VAL_LOSSES)
    groups = torch.load(saved, weights_only=True)["optimizer_state_dict"]
    found = groups["param_groups"][0]["extra"]
    assert type(found) in (int, str, bool)
    assert found == extra


@pytest.mark.parametrize(
    ("losses", "val_losses"),
    [
        ([0.5, float("nan")], [1.0, 1.0]),
        ([0.5, 0.5], [1.0, float("inf")]),
        ([0.5, 0.5], [1.0]),
        ([0.5, torch.tensor(0.5)], [1.0, 1.0]),
        ([0.5, None], [1.0, 1.0]),
        (0.5, [1.0, 1.0]),
    ],
)
def test_no_file_is_written_that_would_not_load(losses, val_losses, saved):
    before = saved.read_bytes()
    with pytest.raises(CheckpointError) as caught:
        save_checkpoint(saved, configure(), losses, val_losses)
    assert_one_sentence(caught.value)
    assert saved.read_bytes() == before


@pytest.mark.parametrize("part", ["model", "optimizer"])
def test_weights_that_are_nan_are_not_saved(part, saved):
    before = saved.read_bytes()
    configuration = configure(seed=2)
    weight = configuration.model[0].weight
    if part == "model":
        weight.data[0, 0] = float("nan")
    else:
        momentum = configuration.optimizer.state[weight]["momentum_buffer"]
        momentum[0, 0] = float("inf")
    with pytest.raises(CheckpointError, match="nan or inf"):
        save_checkpoint(saved, configuration, LOSSES, VAL_LOSSES)
    assert saved.read_bytes() == before


# Where a save can be interrupted: at the call of each of these functions.
MOMENTS = [
    (torch, "save"),
    (os, "fsync"),
    (os, "replace"),
]


@pytest.mark.parametrize(("module", "function"), MOMENTS)
def test_ctrl_c_while_saving(module, function, saved, monkeypatch):
    before = saved.read_bytes()

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, function, interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(saved, configure(seed=2), LOSSES, VAL_LOSSES)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


@pytest.mark.parametrize(("module", "function"), MOMENTS[1:])
@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO]
)
def test_a_full_disk_while_saving(module, function, number, saved, monkeypatch):
    before = saved.read_bytes()

    def full(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module, function, full)
    with pytest.raises(CheckpointError, match="untouched") as caught:
        save_checkpoint(saved, configure(seed=2), LOSSES, VAL_LOSSES)
    assert os.strerror(number) in assert_one_sentence(caught.value)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    for path in (
        tmp_path / "file" / "checkpoint.pt",
        tmp_path / "folder",
        tmp_path / ("n" * 300),
        str(tmp_path / "nul\0byte"),
        "",
        None,
    ):
        with pytest.raises(CheckpointError) as caught:
            save_checkpoint(path, configure(), LOSSES, VAL_LOSSES)
        assert_one_sentence(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "in the way"
    assert not os.listdir(tmp_path / "folder")


# ---------------------------------------------------------- damaged files


def bit_flips(content, generator):
    for _ in range(250):
        data = bytearray(content)
        place = generator.integers(len(data) * 8)
        data[place // 8] ^= 1 << int(place % 8)
        yield bytes(data)


def cuts(content, generator):
    for place in generator.integers(len(content), size=60):
        yield content[:place]
        yield content[place:]


def zeros(content, generator):
    for place in generator.integers(len(content), size=60):
        end = place + int(generator.integers(1, 600))
        data = bytearray(content)
        data[place:end] = bytes(len(data[place:end]))
        yield bytes(data)


def garbage(content, generator):
    for place in generator.integers(len(content), size=60):
        end = place + int(generator.integers(1, 600))
        data = bytearray(content)
        data[place:end] = generator.bytes(len(data[place:end]))
        yield bytes(data)
    yield generator.bytes(len(content))
    yield b"PK\x03\x04" + generator.bytes(500)
    yield content + content
    yield generator.bytes(100) + content
    yield content + generator.bytes(100)


def lost_and_doubled(content, generator):
    for place in generator.integers(len(content), size=40):
        end = place + int(generator.integers(1, 600))
        yield content[:place] + content[end:]
        yield content[:end] + content[place:]


@pytest.mark.parametrize(
    "damage", [bit_flips, cuts, zeros, garbage, lost_and_doubled]
)
def test_a_damaged_file_never_loads_other_values(damage, saved):
    content = saved.read_bytes()
    # what was saved, read by torch from the undamaged file
    truth = torch.load(io.BytesIO(content), weights_only=True)
    n_refused = 0
    for data in damage(content, np.random.default_rng(3)):
        saved.write_bytes(data)
        try:
            state = read_checkpoint(saved)
        except CheckpointError as error:
            assert_one_sentence(error)
            n_refused += 1
        else:
            assert identical(state, truth)
    assert n_refused > 20


def test_every_single_byte_of_the_values_is_guarded(saved):
    content = saved.read_bytes()
    with zipfile.ZipFile(saved) as archive:
        names = [n for n in archive.namelist() if "/data" in n]
        stored = [archive.read(name) for name in names]
    assert len(stored) > 8
    for part in stored:
        start = content.index(part)
        for place in range(start, start + len(part), 7):
            data = bytearray(content)
            data[place] ^= 0x10
            saved.write_bytes(bytes(data))
            with pytest.raises(CheckpointError, match="damaged"):
                read_checkpoint(saved)


# --------------------------------------------- foreign and hostile files


class Code:
    """Pickled, it is a call: whoever unpickles it runs code."""

    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return (open, (self.marker, "w"))


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


FOREIGN = {
    "empty": b"",
    "text": b"e is no checkpoint\n",
    "HTML": b"<!DOCTYPE html><html><body>404</body></html>",
    "git-lfs pointer": b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e23"
    b"93\nsize 12345\n",
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "gzip": b"\x1f\x8b\x08" + bytes(50),
    "plain pickle": pickle.dumps({"format": 1}),
    "NumPy": b"\x93NUMPY\x01\x00" + bytes(120),
    "empty zip": zipped(),
    "other zip": zipped(**{"word/document.xml": "<w/>"}),
    "zip with an empty data.pkl": zipped(**{"archive/data.pkl": b""}),
    "zip with another data.pkl": zipped(**{"a/data.pkl": b"hello"}),
    "only the mark of a zip": b"PK\x03\x04",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files(name, tmp_path):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(FOREIGN[name])
    refuses(path, read=True)


def test_a_compressed_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "checkpoint.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(50_000_000))
    refuses(path, read=True)


def test_places_where_there_is_no_file(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "circle").symlink_to("circle")
    for path in (
        tmp_path / "nothing.pt",
        tmp_path,
        tmp_path / "link",
        tmp_path / "circle",
        tmp_path / ("n" * 300),
        str(tmp_path / "nul\0byte"),
        fifo,  # would wait for ever
        "/dev/zero",  # would never end
        "",
        None,
    ):
        refuses(path, read=True)


def hostile(name, marker):
    """Return states that torch.save writes and save_checkpoint never does."""
    state = honest()
    weights, adam = state["model_state_dict"], state["optimizer_state_dict"]
    momentum = adam["state"][0]
    match name:
        case "code in the weights":
            weights["0.weight"] = Code(marker)
        case "code beside them":
            state["note"] = Code(marker)
        case "code as a key":
            weights[Code(marker)] = 1
        case "a whole model":
            state = network()
        case "a list":
            state = [state]
        case "a tensor":
            state = torch.ones(3)
        case "nothing":
            state = None
        case "weights only":
            state = weights
        case "another format":
            state["format"] = 2
        case "a format that is text":
            state["format"] = "1"
        case "a format that is true":
            state["format"] = True
        case "a format that is a tensor":
            state["format"] = torch.tensor([1, 1])
        case "a format of 5000 digits":
            state["format"] = 10**250
        case "no optimizer":
            del state["optimizer_state_dict"]
        case "an epoch too many":
            state["epoch"] = 3
        case "an epoch before the first":
            state["epoch"] = -2
        case "an epoch that is a fraction":
            state["epoch"] = 2.0
        case "nan losses":
            state["loss"] = [0.5, float("nan")]
        case "a loss of 600 digits":
            state["loss"] = [0.5, 10**600]
        case "losses as text":
            state["val_loss"] = ["0.5", "0.5"]
        case "losses as tensors":
            state["val_loss"] = [torch.tensor(0.5), torch.tensor(0.5)]
        case "nan weights":
            weights["0.weight"][0, 0] = float("nan")
        case "inf momentum":
            momentum["momentum_buffer"][0, 0] = float("inf")
        case "weights as lists":
            weights["0.weight"] = weights["0.weight"].tolist()
        case "sparse weights":
            weights["0.weight"] = weights["0.weight"].to_sparse()
        case "sparse rows":
            weights["0.weight"] = weights["0.weight"].to_sparse_csr()
        case "quantized weights":
            weights["0.weight"] = torch.quantize_per_tensor(
                weights["0.weight"], 0.1, 0, torch.qint8
            )
        case "weights without values":
            weights["0.weight"] = torch.empty(4, 3, device="meta")
        case "complex weights":
            weights["0.weight"] = weights["0.weight"].to(torch.complex64)
        case "weights expanded from one number":
            weights["0.weight"] = torch.zeros(1).expand(4, 3)
        case "a tensor of 10^15 numbers":
            weights["0.weight"] = torch.zeros(1).expand(10**15)
        case "a tensor of 10^15 numbers beside them":
            state["note"] = [torch.zeros(1, 1).expand(10**8, 10**7)]
        case "momentum of 10^15 numbers":
            momentum["momentum_buffer"] = torch.zeros(1).expand(10**15)
        case "parameters instead of tensors":
            weights["0.weight"] = nn.Parameter(weights["0.weight"])
        case "weights that want gradients":
            weights["0.weight"].requires_grad_()
        case "a list that holds itself":
            state["note"] = endless()
        case "a dictionary that holds itself":
            state["note"] = {}
            state["note"]["note"] = state["note"]
        case "settings that are a tensor":
            adam["param_groups"][0]["lr"] = torch.tensor([0.1, 0.2])
        case "settings that hold themselves":
            adam["param_groups"][0]["lr"] = endless()
        case "parameter groups that are a number":
            adam["param_groups"] = 3
        case "parameter groups that are numbers":
            adam["param_groups"] = [3]
        case "a state that is a list":
            adam["state"] = [1, 2]
        case "a state of lists":
            adam["state"] = {0: [1]}
        case "a state for a parameter that is not there":
            adam["state"][99] = momentum
        case "a state for parameter -1":
            adam["state"][-1] = momentum
        case "momentum of one number":
            momentum["momentum_buffer"] = torch.ones(1)
        case "momentum without shape":
            momentum["momentum_buffer"] = torch.tensor(1.0)
        case "momentum that is a number":
            momentum["momentum_buffer"] = 1.0
        case "momentum that is text":
            momentum["momentum_buffer"] = "fast"
        case "momentum of integers":
            momentum["momentum_buffer"] = torch.ones(4, 3, dtype=torch.int64)
        case "momentum by another name":
            momentum["momentum"] = momentum.pop("momentum_buffer")
        case "no momentum at all":
            adam["state"] = {}
        case "names over many lines":
            weights["a\nb"] = torch.ones(1)
        case "a name of a megabyte":
            weights["a" * 10**6] = torch.ones(1)
        case "ten thousand names":
            weights.update({f"w{i}": torch.ones(1) for i in range(10_000)})
        case "an optimizer over many lines":
            state["optimizer"] = "SGD\n" * 1000
        case "names that are no text":
            weights[(1, 2)] = torch.ones(1)
        case _:
            raise ValueError(name)
    return state


def honest():
    configuration = configure(seed=1)
    return {
        "format": checkpoints.FORMAT,
        "epoch": 2,
        "model_state_dict": dict(configuration.model.state_dict()),
        "optimizer": "SGD",
        "optimizer_state_dict": configuration.optimizer.state_dict(),
        "loss": list(LOSSES),
        "val_loss": list(VAL_LOSSES),
    }


def hostile_names():
    import inspect
    import re

    return re.findall(r'case "(.*)":', inspect.getsource(hostile))


def test_the_honest_state_is_accepted(tmp_path):
    # else the test below would prove nothing
    path = tmp_path / "checkpoint.pt"
    torch.save(honest(), path)
    target = configure(seed=2)
    load_checkpoint(path, target)
    assert identical(state_of(target), state_of(configure(seed=1)))


@pytest.mark.filterwarnings(
    "ignore:.*quantiz.*", "ignore:TypedStorage.*", "ignore:Sparse.*"
)
@pytest.mark.parametrize("name", hostile_names())
def test_hostile_states(name, tmp_path):
    path, marker = tmp_path / "checkpoint.pt", tmp_path / "code has run"
    torch.save(hostile(name, marker), path)
    marker.unlink(missing_ok=True)
    refuses(path)
    assert not marker.exists()


def test_a_list_a_hundred_thousand_deep(tmp_path):
    # torch.save cannot write it, but the opcodes are easily repeated
    path = tmp_path / "checkpoint.pt"
    buffer = io.BytesIO()
    torch.save({**honest(), "note": "DEEP"}, buffer)
    source = zipfile.ZipFile(buffer)
    text = b"X\x04\x00\x00\x00DEEP"
    with zipfile.ZipFile(path, "w") as archive:
        for name in source.namelist():
            part = source.read(name)
            if name.endswith("/data.pkl"):
                place = part.index(text)
                # drop the memo that follows, it names the string
                rest = part[place + len(text) :]
                assert rest[:1] in (b"q", b"r")
                rest = rest[2:] if rest[:1] == b"q" else rest[5:]
                n = 100_000
                part = part[:place] + b"]" * n + b"a" * (n - 1) + rest
            archive.writestr(name, part)
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    assert_one_sentence(caught.value)


def test_the_last_attacks_on_a_scheduler(tmp_path):
    path = tmp_path / "checkpoint.pt"
    source = configure(make_scheduler=step_lr)
    save_checkpoint(path, source, LOSSES, VAL_LOSSES)
    state = torch.load(path, weights_only=True)

    def target():
        return configure(make_scheduler=step_lr, seed=2)

    for change in (
        {"optimizer": None},
        {"step": 3},
        {"last_epoch": "two"},
        {"last_epoch": None},
        {"step_size": 30},  # another setting, silently taken over
        {"gamma": float("nan")},
        {"base_lrs": [5.0]},
        {"_last_lr": None},
    ):
        scheduler = {**state["scheduler_state_dict"], **change}
        torch.save({**state, "scheduler_state_dict": scheduler}, path)
        said = refuses(path, target())
        assert "schedule" in said
    torch.save({**state, "scheduler_state_dict": [1]}, path)
    refuses(path, target())
    for lr in ("fast", None, float("nan"), torch.tensor([1.0, 2.0])):
        torch.save(state, path)
        other = torch.load(path, weights_only=True)
        other["optimizer_state_dict"]["param_groups"][0]["lr"] = lr
        torch.save(other, path)
        refuses(path, target())


# --------------------------------------------------------------- mismatch

MISMATCHES = {
    "another width": lambda: configure(model=network(n_hidden=5)),
    "more inputs": lambda: configure(model=network(n_in=7)),
    "fewer layers": lambda: configure(model=network()[:2]),
    "other names": lambda: configure(
        model=nn.Sequential(
            collections.OrderedDict(
                a=nn.Linear(3, 4),
                b=nn.BatchNorm1d(4),
                c=nn.Dropout(0.2),
                d=nn.Linear(4, 1),
            )
        )
    ),
    "the same size in another shape": lambda: configure(
        model=nn.Sequential(
            nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.2), nn.Linear(3, 1)
        )
    ),
    "another optimizer": lambda: configure(
        make_optimizer=lambda p: optim.Adam(p, lr=0.1)
    ),
    "another learning rate": lambda: configure(
        make_optimizer=lambda p: optim.SGD(p, lr=0.01, momentum=0.9)
    ),
    "no momentum": lambda: configure(
        make_optimizer=lambda p: optim.SGD(p, lr=0.1)
    ),
    "weight decay": lambda: configure(
        make_optimizer=lambda p: optim.SGD(
            p, lr=0.1, momentum=0.9, weight_decay=0.1
        )
    ),
    "two parameter groups": lambda: configure(
        make_optimizer=lambda p: optim.SGD(
            [{"params": p[:2]}, {"params": p[2:]}], lr=0.1, momentum=0.9
        )
    ),
    "a frozen layer": lambda: configure(
        make_optimizer=lambda p: optim.SGD(p[2:], lr=0.1, momentum=0.9)
    ),
    "parameters in another order": lambda: configure(
        make_optimizer=lambda p: optim.SGD(p[::-1], lr=0.1, momentum=0.9)
    ),
    "a schedule": lambda: configure(make_scheduler=step_lr),
}


@pytest.mark.parametrize("name", MISMATCHES)
def test_a_refused_checkpoint_changes_nothing(name, saved):
    refuses(saved, MISMATCHES[name]())


def test_float64_weights_are_another_model(saved):
    configuration = configure()
    configuration.model.double()
    refuses(saved, configuration)


def test_a_schedule_that_is_missing_or_another(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, configure(make_scheduler=step_lr), LOSSES, VAL_LOSSES)
    refuses(path, configure())
    refuses(
        path,
        configure(
            make_scheduler=lambda o: optim.lr_scheduler.ExponentialLR(o, 0.5)
        ),
    )


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_a_load_that_fails_half_way_is_taken_back(kind, saved, monkeypatch):
    configuration = configure(seed=2)
    before = state_of(configuration)
    load = configuration.optimizer.load_state_dict
    calls = []

    def fails_once(state):
        calls.append(state)
        if len(calls) == 1:
            raise kind("half way")
        load(state)

    monkeypatch.setattr(configuration.optimizer, "load_state_dict", fails_once)
    expected = CheckpointError if kind is ValueError else kind
    with pytest.raises(expected):
        load_checkpoint(saved, configuration)
    assert identical(state_of(configuration), before)


class Masked(nn.Module):
    """A model with a mask of -inf, as attention has one."""

    def __init__(self, fill):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.register_buffer("mask", torch.full((3, 3), fill).triu(1))

    def forward(self, x):
        return (self.layer(x) @ self.layer.weight + self.mask).softmax(dim=1)


def configured_with_mask(fill):
    model = Masked(fill)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    return Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=nn.MSELoss(),
        optimizer=optimizer,
    )


def test_a_mask_of_minus_infinity_is_saved_and_loaded(tmp_path):
    path = tmp_path / "masked.pt"
    save_checkpoint(path, configured_with_mask(-torch.inf), [1.0], [1.0])
    other = configured_with_mask(0.0)
    load_checkpoint(path, other)
    assert other.model.mask[0, 2] == -torch.inf


def test_a_mask_of_nan_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="mask"):
        save_checkpoint(
            tmp_path / "nan.pt", configured_with_mask(torch.nan), [1.0], [1.0]
        )
    assert not any(tmp_path.iterdir())
