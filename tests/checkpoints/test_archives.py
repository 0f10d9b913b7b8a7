"""Archives that were appended, doubled or made to cost a lot."""

import collections
import io
import subprocess
import sys
import zipfile

import pytest
import torch
from torch import nn, optim

from helpers.checkpoints import archive, read_checkpoint, save_checkpoint
from helpers.errors import CheckpointError
from helpers.pipeline import Configuration
from tests.tools import assert_one_sentence, identical


def checkpoint(folder, name="checkpoint.pt", fill=0.5):
    """Save a small model; return the file."""
    model = nn.Linear(2, 1)
    nn.init.constant_(model.weight, fill)
    configuration = Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=nn.MSELoss(),
        optimizer=optim.SGD(model.parameters(), lr=0.1),
    )
    save_checkpoint(folder / name, configuration, [0.5], [0.5])
    return folder / name


def is_refused(path):
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    return assert_one_sentence(caught.value)


def repacked(content, change, method=zipfile.ZIP_STORED):
    """Pack the parts of an archive anew; ``change`` gets and gives a list."""
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        parts = [(name, source.read(name)) for name in source.namelist()]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        for name, part in change(parts):
            target.writestr(name, part)
    return buffer.getvalue()


def with_pickle(content, pickled):
    """Put another pickle into an archive."""
    return repacked(
        content,
        lambda parts: [
            (name, pickled if name.endswith("/data.pkl") else part)
            for name, part in parts
        ],
    )


def with_note(path, note):
    """Add a key to the dictionary of a checkpoint."""
    state = torch.load(path, weights_only=True)
    torch.save({**state, "note": note}, path)


def test_packing_anew_is_harmless(tmp_path):
    """Else the tests below would prove nothing."""
    path = checkpoint(tmp_path)
    truth = read_checkpoint(path)
    path.write_bytes(repacked(path.read_bytes(), list))
    assert identical(read_checkpoint(path), truth)


def test_a_file_of_an_old_torch_is_called_by_its_name(tmp_path):
    path = tmp_path / "checkpoint.pt"
    torch.save({"w": 1}, path, _use_new_zipfile_serialization=False)
    assert "before version 1.6" in is_refused(path)


# ------------------------------------------------------ joined and doubled


@pytest.mark.parametrize("is_damaged", [False, True])
def test_two_files_in_one(is_damaged, tmp_path):
    """Opened with "ab", or joined by a transfer: which of the two counts?"""
    old = checkpoint(tmp_path, "old.pt", fill=0.25).read_bytes()
    new = checkpoint(tmp_path, "new.pt", fill=0.75).read_bytes()
    if is_damaged:
        weight = torch.full((1, 2), 0.25).numpy().tobytes()
        broken = bytearray(old)
        broken[old.index(weight) + 3] ^= 0x40
        old = bytes(broken)
    path = tmp_path / "joined.pt"
    for content in (old + new, old + b"\0" * 10 + new, old + old):
        path.write_bytes(content)
        assert "damaged" in is_refused(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("is_first", [False, True])
def test_a_part_that_is_there_twice(is_first, tmp_path):
    path = checkpoint(tmp_path)
    other = torch.full((1, 2), 9.0).numpy().tobytes()

    def double(parts):
        name = next(n for n, p in parts if len(p) == 8 and "/data/" in n)
        extra = [(name, other)]
        return [*extra, *parts] if is_first else [*parts, *extra]

    path.write_bytes(repacked(path.read_bytes(), double))
    is_refused(path)


def capitals(name):
    folder, _, rest = name.partition("/")
    return f"{folder}/{rest.upper()}"


def test_a_part_under_another_spelling(tmp_path):
    """torch finds the parts of an archive without regard to capitals."""
    path = checkpoint(tmp_path)
    path.write_bytes(
        repacked(
            path.read_bytes(),
            lambda parts: [*parts, *((capitals(n), p) for n, p in parts)],
        )
    )
    is_refused(path)


def test_two_folders_in_one_archive(tmp_path):
    path = checkpoint(tmp_path)
    path.write_bytes(
        repacked(
            path.read_bytes(),
            lambda parts: [
                *(("other/" + n.split("/", 1)[1], p) for n, p in parts),
                *parts,
            ],
        )
    )
    is_refused(path)


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_compressed_archive(method, tmp_path):
    path = checkpoint(tmp_path)
    path.write_bytes(repacked(path.read_bytes(), list, method))
    is_refused(path)


def test_a_compressed_part_that_lies_about_its_size(tmp_path):
    """Unpacked to find its checksum, a small one could fill the memory."""
    path = checkpoint(tmp_path)
    with zipfile.ZipFile(path) as source:
        parts = [(name, source.read(name)) for name in source.namelist()]
    with zipfile.ZipFile(path, "w") as target:
        for name, part in parts:
            target.writestr(name, part)
        target.writestr(
            f"{parts[0][0].split('/')[0]}/data/9",
            bytes(1_000_000),
            zipfile.ZIP_BZIP2,
        )
        last = target.filelist[-1]
        last.file_size = last.compress_size
    assert path.stat().st_size < 10_000
    unpacked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            zipfile.bz2, "BZ2Decompressor", lambda: unpacked.append(1)
        )
        assert "damaged" in is_refused(path)
    assert unpacked == []


# ------------------------------------------------------------- what it costs

LIMITED = """
import resource, sys, time
from helpers.checkpoints import read_checkpoint
from helpers.errors import CheckpointError
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
limit = used + 300_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for path in sys.argv[1:]:
    start = time.process_time()
    try:
        read_checkpoint(path)
        print("loaded")
    except CheckpointError:
        print("refused", time.process_time() - start)
"""


def forty_lists():
    inner = []
    for _ in range(40):
        inner = [inner, inner]
    return inner


def test_lists_that_can_be_reached_in_many_ways(tmp_path):
    path = checkpoint(tmp_path)
    state = torch.load(path, weights_only=True)
    for place in ("note", "loss", "param_groups"):
        hostile = dict(state)
        if place == "param_groups":
            hostile["optimizer_state_dict"] = {
                **state["optimizer_state_dict"],
                "param_groups": forty_lists(),
            }
        else:
            hostile[place] = forty_lists()
        torch.save(hostile, path)
        if place == "param_groups":
            read_checkpoint(path)  # in no time; refused when it is compared
        else:
            is_refused(path)


BOMBS = {
    # a call with a number: torch allows it, and it would take 3 GB
    "array": b"cbuiltins\nbytearray\n(J\x00\x5e\xd0\xb2tR",
    "lists": b"(" + b"]" * 3_000_000 + b"l",
    "dictionaries": b"(" + b"}" * 3_000_000 + b"l",
    "numbers": b"(" + b"K\x01" * 3_000_000 + b"l",
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_files_that_would_fill_the_memory_or_never_end(tmp_path):
    """All of them in a process that may take 300 MB more, and no more."""
    path = checkpoint(tmp_path)
    content = path.read_bytes()
    state = torch.load(path, weights_only=True)
    large = torch.zeros(1_000_000)
    state["model_state_dict"] = {f"w{i}": large[:] for i in range(2000)}
    torch.save(state, path)
    paths = [path]
    for name, steps in BOMBS.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(with_pickle(content, b"\x80\x02" + steps + b"."))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    found = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in found] == ["refused"] * len(paths), done.stderr
    assert all(float(line[1]) < 20 for line in found)


def test_what_cannot_be_saved_for_its_length(tmp_path, monkeypatch):
    """The limit holds when saving, too: no file that would not load."""
    monkeypatch.setattr(archive, "MOST_STEPS", 100)
    with pytest.raises(CheckpointError, match="Nothing was saved"):
        checkpoint(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("note", [1, "text", None, [1.0], torch.ones(2)])
def test_a_key_that_save_checkpoint_never_writes(note, tmp_path):
    path = checkpoint(tmp_path)
    with_note(path, note)
    assert "'note'" in is_refused(path)


@pytest.mark.parametrize(
    "value", [bytearray(3), {1}, 1j, collections.Counter("a"), torch.Size([1])]
)
def test_a_kind_that_save_checkpoint_never_writes(value, tmp_path):
    """torch would build it: a bytearray of any size, for a few bytes."""
    path = checkpoint(tmp_path)
    state = torch.load(path, weights_only=True)
    state["optimizer_state_dict"]["param_groups"][0]["lr"] = value
    torch.save(state, path)
    torch.load(path, weights_only=True)
    is_refused(path)


@pytest.mark.parametrize(
    "dtype",
    [
        *(torch.float64, torch.float16, torch.bfloat16, torch.int64),
        *(torch.bool, torch.uint8, torch.uint16, torch.complex64),
        torch.float8_e4m3fn,
    ],
)
def test_every_kind_of_number_comes_back(dtype, tmp_path):
    path = tmp_path / "checkpoint.pt"
    model = nn.Linear(2, 1)
    model.register_buffer("kept", torch.zeros(3).to(dtype))
    configuration = Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=nn.MSELoss(),
        optimizer=optim.SGD([model.weight, model.bias], lr=0.1),
    )
    save_checkpoint(path, configuration, [0.5], [0.5])
    assert read_checkpoint(path)["model_state_dict"]["kept"].dtype == dtype
