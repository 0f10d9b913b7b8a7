"""Images: the digits of the course, and IDX files with every kind of damage."""

import gzip
import hashlib
import re
import struct
import subprocess
import sys
import tracemalloc
import zlib

import numpy as np
import pytest

from helpers.datasets import digits, idx_files
from helpers.datasets.digits import DIGITS, load_digits
from helpers.datasets.idx_files import parse_idx, read_idx
from helpers.errors import DataError
from tests.tools import ROOT, assert_one_sentence

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
IMAGES = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)


def idx(array, shape=None) -> bytes:
    """Write an IDX file as its authors describe it."""
    shape = array.shape if shape is None else shape
    code = CODES[array.dtype.str[1:]]
    header = struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def refusal(content, n_dimensions=3):
    with pytest.raises(DataError) as caught:
        parse_idx(content, n_dimensions, "images.gz")
    said = assert_one_sentence(caught.value)
    assert "images.gz" in said
    return said


# ------------------------------------------------------------------- digits


def test_the_digits():
    data = load_digits()
    images, labels, class_names, highest = data
    assert images.shape == (1797, 8, 8) and images.dtype == np.uint8
    assert labels.shape == (1797,) and labels.dtype == np.int64
    assert (images.min(), images.max(), highest) == (0, 16, 16)
    assert class_names == tuple("0123456789")
    # as UCI counts its test set
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.bincount(labels).tolist() == counts
    content = images.tobytes() + labels.astype(np.uint8).tobytes()
    assert hashlib.sha256(content).hexdigest().startswith("87ff0c9e40dc7e2c")


def test_every_call_gives_arrays_of_its_own():
    load_digits().images[:] = 0
    assert load_digits().images.max() == 16


def test_the_file_is_small_and_its_origin_is_said():
    assert DIGITS.stat().st_size < 46_000
    said = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    row = next(line for line in said.splitlines() if "`digits.npz`" in line)
    assert "CC BY 4.0" in row and "archive.ics.uci.edu" in row


def test_the_readme_tells_how_it_was_made(tmp_path, monkeypatch):
    """Its lines, with the digits in place of scikit-learn's, make the file."""
    said = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    program = re.search(r"(?s)```python\n(.*?)```", said)[1]
    data = load_digits()

    class Sklearn:
        images, target = data.images.astype(float), data.labels

    program = re.sub(r"(?m)^from sklearn.*$", "", program)
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    exec(program, {"load_digits": Sklearn})
    with np.load(tmp_path / "data" / "digits.npz") as made:
        assert np.array_equal(made["images"], data.images)
        assert np.array_equal(made["labels"], data.labels)
        assert made["images"].dtype == made["labels"].dtype == np.uint8


def saved(folder, **arrays):
    path = folder / "digits.npz"
    np.savez(path, **arrays)
    return path.read_bytes()


def wrong_digits(folder):
    images, labels = load_digits()[:2]
    good = DIGITS.read_bytes()
    objects = np.array([{}], dtype=object)
    yield "missing", None
    yield "empty", b""
    yield "damaged", good[:20_000]
    yield "damaged", good[:9_000] + bytes(100) + good[9_100:]
    yield "damaged", b"version https://git-lfs.github.com/spec/v1\nsize 45394\n"
    yield "damaged", saved(folder, images=images)
    yield "damaged", saved(folder, images=objects, labels=labels)
    yield "damaged", np.lib.format.magic(1, 0) + b"\x10\0" + b" " * 16
    yield (
        "[1797, 64]",
        saved(folder, images=images.reshape(-1, 64), labels=labels),
    )
    yield "float64", saved(folder, images=images / 16, labels=labels)
    yield "float64", saved(folder, images=images, labels=labels / 1)
    yield "[1796]", saved(folder, images=images, labels=labels[:-1])
    yield "0 to 10", saved(folder, images=images, labels=labels + labels // 9)
    yield "-1 to 8", saved(folder, images=images, labels=labels - 1)
    yield "pixel of 160", saved(folder, images=images * 10, labels=labels)


def test_other_files_in_place_of_the_digits(tmp_path, monkeypatch):
    for said, content in list(wrong_digits(tmp_path)):
        path = tmp_path / "digits.npz"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with monkeypatch.context() as patched:
            patched.setattr(digits, "DIGITS", path)
            with pytest.raises(DataError) as caught:
                load_digits()
        sentence = assert_one_sentence(caught.value)
        assert said in sentence or said == "missing", sentence


# --------------------------------------------------------------- IDX files


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("shape", [(60,), (5, 12), (5, 4, 3), (1, 5, 4, 3)])
def test_what_was_written_is_read(dtype, compress, shape, tmp_path):
    array = IMAGES.astype(dtype).reshape(shape)
    path = tmp_path / "file"
    path.write_bytes(compress(idx(array)))
    found = read_idx(path, len(shape))
    assert found.dtype == np.dtype(dtype) and found.dtype.isnative
    assert np.array_equal(found, array)
    found[:] = 0  # the caller may


def test_gzip_of_several_members_is_gzip():
    whole = idx(IMAGES)
    content = gzip.compress(whole[:30]) + gzip.compress(whole[30:])
    assert np.array_equal(parse_idx(content, 3, "file"), IMAGES)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\0\0\x08", "IDX"),
        (b"\0\1" + idx(IMAGES)[2:], "IDX"),
        (b"\0\0\x07" + idx(IMAGES)[3:], "IDX"),
        (idx(IMAGES)[::-1], "IDX"),
        (b"hello, these are words", "another file"),
        (idx(IMAGES.reshape(5, 12)), "has 2"),
        (idx(IMAGES.ravel()), "has 1"),
        (b"\0\0\x08\xff" + bytes(2000), "has 255"),
        (b"\0\0\x08\0\5", "has 0"),
        (idx(IMAGES)[:9], "header"),
        (idx(IMAGES)[:16], "fewer"),
        (idx(IMAGES)[:-1], "fewer"),
        (idx(IMAGES) + b"\0", "more"),
        (idx(IMAGES) * 2, "more"),
        (idx(IMAGES, (0, 4, 3)), "[0, 4, 3]"),
        (idx(IMAGES, (5, 4, 0)), "[5, 4, 0]"),
        (idx(IMAGES, (2**32 - 1,) * 3), "fewer"),
        (idx(IMAGES, (60_000, 28, 28)), "60,000 x 28 x 28"),
    ],
)
def test_files_that_are_not_what_they_say(content, said, compress):
    assert said in refusal(compress(content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\nsize 5\n", "git-LFS"),
        (b"\n<!doctype html><html></html>", "HTML"),
    ],
)
def test_what_often_stands_in_place_of_a_file(content, said):
    assert said in refusal(content)


def test_every_cut_of_a_compressed_file_is_noticed():
    content = gzip.compress(idx(IMAGES))
    for n_bytes in range(len(content)):
        refusal(content[:n_bytes])


def test_every_damaged_byte_of_the_values_is_noticed():
    """Each bit of what follows the header of gzip has a check sum over it."""
    content = gzip.compress(idx(IMAGES))
    for place in range(10, len(content)):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            try:
                found = parse_idx(bytes(damaged), 3, "images.gz")
            except DataError as error:
                assert_one_sentence(error)
            else:  # a bit that nothing depends on, such as padding
                assert np.array_equal(found, IMAGES)


@pytest.mark.parametrize("n_bytes", [1, 18, 1000])
def test_noise_after_a_compressed_file(n_bytes):
    refusal(gzip.compress(idx(IMAGES)) + b"x" * n_bytes)


def test_missing_and_unreadable_files(tmp_path):
    for path in (tmp_path, tmp_path / "missing", "", None, tmp_path / "x/y"):
        with pytest.raises(DataError) as caught:
            read_idx(path, 3)
        assert_one_sentence(caught.value)


# ------------------------------------------- headers that promise too much


def bomb(n_bytes):
    """Compress zeros that a header promises, a thousand to one."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(idx(np.zeros(0, np.uint8), (n_bytes,)))]
    zeros = bytes(10_000_000)
    parts += [packer.compress(zeros) for _ in range(n_bytes // len(zeros))]
    return b"".join([*parts, packer.flush()])


def test_what_does_not_fit_into_the_memory_is_not_read(monkeypatch):
    content = bomb(100_000_000)
    assert len(content) < 200_000
    assert parse_idx(content, 1, "file").nbytes == 100_000_000

    class Memory:
        available = 150_000_000

    monkeypatch.setattr(idx_files.psutil, "virtual_memory", Memory)
    read = []
    monkeypatch.setattr(idx_files, "_read", lambda *_: read.append(1))
    assert "free memory" in refusal(content, 1)
    assert not read


def test_huge_numbers_in_a_header_take_no_memory(tmp_path):
    """Also a gzip file that goes on long after what its header promises."""
    promises = [
        idx(IMAGES, (2**32 - 1, 2**32 - 1, 2**32 - 1)),
        idx(IMAGES.astype("f8"), (2**31, 1, 1)),
        gzip.compress(idx(IMAGES, (2**32 - 1, 28, 28))),
        gzip.compress(idx(IMAGES) + bytes(60_000_000)),
    ]
    for i, content in enumerate(promises):
        (tmp_path / f"{i}.gz").write_bytes(content)
    program = (
        "import resource\n"
        "from helpers.datasets.idx_files import read_idx\n"
        "from helpers.errors import DataError\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "for i in range(4):\n"
        "    try: read_idx(f'{i}.gz', 3)\n"
        "    except DataError: print('refused')\n"
        "print(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    *refused, grown = done.stdout.split()
    assert refused == ["refused"] * 4
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    assert int(grown) * unit < 20_000_000


def test_memory_is_taken_for_what_comes():
    """The header promises what gzip might hold, and it does not come."""
    noise = np.random.default_rng(0).integers(0, 256, 300_000, np.uint8)
    content = gzip.compress(idx(noise, (200_000_000, 1, 1)))
    tracemalloc.start()
    said = refusal(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "fewer" in said
    assert peak < 10_000_000
