"""Challenge 2: raw IDX files."""

import gzip
import math
import tempfile
from pathlib import Path

import numpy as np

from helpers.practice import Seen, Wrong, call, exercise, judge, wrong
from helpers.practice.calling import line_of, without_temporary

CALL = "read_idx(path)"
# A size above 255 takes two bytes, and sizes differ, so that none is assumed.
SHAPES = ((5, 3, 4), (300,), (2, 1, 260), (2, 3, 4, 5), (5, 3, 4))
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "no_array": lambda s: not isinstance(s.result, np.ndarray),
    "header_left": lambda s: s.right.size < s.result.size,
    "values_missing": lambda s: s.right.size > s.result.size,
    "flat": lambda s: s.result.ndim == 1 != s.right.ndim,
    "sizes_reversed": lambda s: (
        s.result.shape == s.right.shape[::-1] != s.shape
    ),
    "other_shape": lambda s: s.result.shape != s.right.shape,
    "other_dtype": lambda s: s.result.dtype != np.uint8,
    "other_values.order": lambda s: (
        sorted(s.result.flat) == sorted(s.right.flat)
        and not np.array_equal(s.result, s.right)
    ),
    "other_values": lambda s: not np.array_equal(s.result, s.right),
    "file_changed": lambda s: s.path.read_bytes() != s.before,
}
REFUSED = {
    "refuses.text": lambda s: "codec" in s.message,
    "refuses.compressed": lambda s: s.was_plain,
    "refuses.size": lambda s: "reshape" in s.message or "buffer" in s.message,
    "refuses": lambda s: True,
}
ACCEPTED = {
    "accepts.type": lambda s: s.damage == "type",
    "accepts.short": lambda s: s.damage == "short",
    "accepts.long": lambda s: s.damage == "long",
}


@exercise
def raw_files(answer):
    """Check ``read_idx(path)``, which returns a uint8 array."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        results = []
        for number, shape in enumerate(SHAPES):
            values = _draw(shape, number)
            path = Path(folder, f"file_{number}.gz")
            path.write_bytes(_compressed(_header(shape) + values.tobytes()))
            results.append((_read(answer, path, values), values))
        for result, values in results:
            if not np.array_equal(result, values):
                wrong("shared")
        _judge_damaged(answer, Path(folder, "damaged.gz"))


def _draw(shape: tuple[int, ...], seed: int) -> np.ndarray:
    numbers = np.random.RandomState(seed)
    return numbers.randint(0, 256, shape).astype(np.uint8)


def _header(shape: tuple[int, ...], kind: int = 8) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in shape)
    return bytes([0, 0, kind, len(shape)]) + sizes


def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _read(answer, path: Path, right: np.ndarray) -> np.ndarray:
    before = path.read_bytes()
    seen = Seen(path=path, right=right, shape=right.shape, before=before)
    try:
        seen.result = call(answer, path, shown=CALL)
    except ValueError as error:
        seen.message = without_temporary(str(error))
        seen.line, seen.was_plain = line_of(error), _reads_plain(answer, path)
        judge(REFUSED, seen)
    judge(RETURNED, seen, what="an array", shown=CALL)
    return seen.result


def _reads_plain(answer, path: Path) -> bool:
    """Whether the same file can be read where it is not compressed."""
    plain = path.with_name("plain.gz")
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    try:
        answer(plain)
    except Exception:  # whatever it raises, that was not it
        return False
    return True


def _judge_damaged(answer, path: Path) -> None:
    """A damaged file has to raise a ValueError."""
    shape = (3, 4, 4)
    values = _draw(shape, 7).tobytes()
    damaged = {
        "type": _header(shape, kind=13) + values,  # fractions of four bytes
        "short": _header(shape) + values[: -math.prod(shape[1:])],
        "long": _header(shape) + values + values[:5],
    }
    for damage, content in damaged.items():
        path.write_bytes(_compressed(content))
        try:
            result = call(answer, path, shown=CALL)
        except (ValueError, Wrong) as error:
            if isinstance(error, Wrong):
                raise
            continue
        except Exception as error:  # any other kind is named
            wrong("other_error", kind_of=type(error).__name__, damage=damage)
        judge(ACCEPTED, Seen(damage=damage, result=result))
