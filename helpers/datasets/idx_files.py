"""IDX files, the format of MNIST and of datasets made like it.

    2 bytes   0
    1 byte    the type of a value, such as 8 for bytes from 0 to 255
    1 byte    the number of dimensions
    4 bytes   the size of each dimension, the highest byte first
    the rest  the values, the last dimension running fastest

Usually compressed with gzip. Nothing in the header is believed before the
bytes that it promises are there: a damaged one may promise terabytes.
"""

import gzip
import io
import math
import zlib
from pathlib import Path

import numpy as np
import psutil

from helpers.errors import DataError, one_line
from helpers.files import read_whole
from helpers.paths import display_path

# The third byte of a file, and what it says. All highest byte first.
TYPES = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
GZIP = b"\x1f\x8b"  # the first two bytes of what gzip compressed
MOST = 1032  # gzip makes data at most this many times smaller
PIECE = 1_000_000  # bytes that are decompressed at a time


def read_idx(path: str | Path, n_dimensions: int) -> np.ndarray:
    """Read an IDX file, compressed with gzip or not.

    Args:
        path: the file. Its content decides whether it is compressed.
        n_dimensions: that it should have, such as 3 for images and 1 for
            labels.

    Returns:
        what the file holds, such as images [N, height, width], uint8; the
        caller may write into it.

    Raises:
        DataError: there is no such file, it has another format or other
            dimensions, is shorter or longer than it says, is damaged, or
            needs more than the free memory.
    """
    return parse_idx(
        read_whole(path, DataError), n_dimensions, display_path(path)
    )


def parse_idx(content: bytes, n_dimensions: int, name: str) -> np.ndarray:
    """Do the same with the content of a file.

    Args:
        content: all of its bytes.
        n_dimensions: that it should have.
        name: what a message calls the file.

    Raises:
        DataError: as above, apart from a missing file.
    """
    is_compressed = content.startswith(GZIP)
    in_memory = io.BytesIO(content)
    file = gzip.GzipFile(fileobj=in_memory) if is_compressed else in_memory
    try:
        dtype, shape = _read_header(file, content, n_dimensions, name)
        n_bytes = math.prod(shape) * dtype.itemsize
        n_most = len(content) * (MOST if is_compressed else 1)
        values = bytearray()
        if n_bytes <= n_most:  # otherwise they cannot all be there
            _need_memory(n_bytes, name)
            # one byte more: reads to the end, where gzip has its check sum
            values = _read(file, n_bytes + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as reason:
        raise DataError(
            f"{name} is damaged or was cut: gzip cannot decompress it to its "
            f"end ({one_line(str(reason))}). Delete it and get it again."
        ) from reason
    if len(values) != n_bytes:
        found = "more" if len(values) > n_bytes else "fewer"
        sizes = " x ".join(f"{size:,}" for size in shape)
        raise DataError(
            f"{name} promises {sizes} values, {n_bytes:,} bytes, and has "
            f"{found}. It was cut, or two files were joined: get it again."
        )
    # as this machine orders bytes, which is what torch can take
    return (
        np.frombuffer(values, dtype)
        .reshape(shape)
        .astype(dtype.newbyteorder("="), copy=False)
    )


def _read_header(
    file: io.BufferedIOBase, content: bytes, n_dimensions: int, name: str
) -> tuple[np.dtype, tuple[int, ...]]:
    """Return the type of a value and the size of each dimension."""
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES:
        raise DataError(
            f"{name} should be an IDX file, which starts with 0, 0, a type "
            "and a number of dimensions. It starts with "
            f"{list(start)}: it is {looks_like(content) or 'another file'}. "
            "Get it again."
        )
    if start[3] != n_dimensions:
        raise DataError(
            f"{name} should have {n_dimensions} dimensions and has {start[3]} "
            "(labels have 1, grey images 3). Were the files of images and "
            "labels swapped?"
        )
    sizes = file.read(4 * n_dimensions)
    if len(sizes) < 4 * n_dimensions:
        raise DataError(f"{name} ends within its header. Get it again.")
    shape = tuple(np.frombuffer(sizes, ">u4").tolist())
    if 0 in shape:
        raise DataError(
            f"{name} is empty: its header says {list(shape)}. Get it again."
        )
    return TYPES[start[2]], shape


def looks_like(start: bytes) -> str:
    """Say what often stands in place of a data file; "" for anything else."""
    start = start[:200].lstrip().lower()
    if start.startswith(b"version https://git-lfs"):
        return "a git-LFS pointer, a note of where the file is stored"
    if start.startswith(b"<"):
        return "a web page (HTML)"
    return ""


def _need_memory(n_bytes: int, name: str) -> None:
    """Refuse what would not fit, before anything of it is read."""
    # while it is converted, it may be there twice
    if 2 * n_bytes > psutil.virtual_memory().available:
        raise DataError(
            f"{name} promises {n_bytes:,} bytes, more than the free memory of "
            "this machine takes. Is it the right file?"
        )


def _read(file: io.BufferedIOBase, n_bytes: int) -> bytearray:
    """Read at most so many bytes, and take memory only for what comes."""
    values = bytearray()
    while piece := file.read(min(PIECE, n_bytes - len(values))):
        values += piece
    return values
