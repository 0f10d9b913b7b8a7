"""What a prediction is made of: typed numbers, files, rows that were held out.

Every kind of input comes out as `Inputs`, scaled as the description of the run
says, never as the code of today would scale it.
"""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from helpers.datasets.digits import load_digits
from helpers.datasets.fashion_mnist import load_fashion_mnist
from helpers.datasets.idx_files import GZIP, parse_idx
from helpers.datasets.line import generate_data
from helpers.datasets.mnist_1d import load_mnist_1d
from helpers.datasets.tables.features import Preparation
from helpers.errors import DataError, one_line
from helpers.files import read_whole
from helpers.launching.options import OptionError, said_by


@dataclass(frozen=True)
class Inputs:
    """Rows to predict for.

    Attributes:
        x: as the model takes them, float32.
        names: what to call each row.
        labels: what is right, class numbers or quantities; None if unknown.
        notes: sentences to print.
    """

    x: torch.Tensor
    names: list[str]
    labels: list[Any] | None = None
    notes: tuple[str, ...] = ()


def read_inputs(words: Sequence[str], about: dict[str, Any]) -> Inputs:
    """Read what stands after ``--input``; nothing means what was held out.

    Args:
        words: numbers, names of files, or numbers of rows held out.
        about: what the run is (see `run_files`).

    Raises:
        OptionError: words that this run cannot use.
        DataError: a file that cannot be read, or does not fit.
    """
    kind = about["inputs"]["kind"]
    if not words:
        return _held_out(about, None)
    if kind == "numbers":
        return _numbers(words)
    if kind == "table":
        return _table(words, about)
    found = [_rows(word, about) for word in words]
    labels = [label for part in found for label in part.labels or ()]
    names = [name for part in found for name in part.names]
    return Inputs(
        torch.cat([part.x for part in found]),
        names,
        labels if len(labels) == len(names) else None,
    )


def _numbers(words: Sequence[str]) -> Inputs:
    values = []
    for word in words:
        try:
            is_plain = word.isascii() and "_" not in word  # unlike 1_0
            value = float(word if is_plain else "nan")
        except ValueError:
            value = float("nan")
        if not torch.tensor(value, dtype=torch.float32).isfinite():
            raise OptionError(
                "--input takes finite numbers for this run, such as --input "
                f"0.2 0.5, and got {one_line(word)}."
            )
        values.append(value)
    x = torch.tensor(values, dtype=torch.float32).reshape(-1, 1)
    return Inputs(x, list(words))


def _table(words: Sequence[str], about: dict[str, Any]) -> Inputs:
    if len(words) > 1:
        raise OptionError(
            f"--input takes one CSV file for this run, and got {len(words)}."
        )
    x, notes = preparation_of(about).read(words[0])
    names = [f"row {i + 1}" for i in range(len(x))]
    return Inputs(torch.from_numpy(x), names, notes=tuple(notes))


def preparation_of(about: dict[str, Any]) -> Preparation:
    """Return what turns rows of a table into features.

    Raises:
        DataError: the description of the run does not hold it.
    """
    return Preparation.from_plain(about["inputs"]["preparation"])


def _rows(word: str, about: dict[str, Any]) -> Inputs:
    """Return one row that was held out, or all rows of a file."""
    if not word.strip():
        raise OptionError(
            "--input takes a file, or the number of a row that was held out, "
            f"and got {one_line(word)}."
        )
    if re.fullmatch("-?[0-9]{1,20}", word) and not Path(word).exists():
        return _held_out(about, int(word))
    array = _read_array(word, about["inputs"]["kind"])
    rows = _one_or_many(array, _shape_of(about), word)
    names = [f"{word}[{i}]" for i in range(len(rows))]
    if array.ndim < rows.ndim:
        names = [word]
    return Inputs(_scaled(rows, about, word), names)


# ------------------------------------------------------- what was held out


def _held_out(about: dict[str, Any], index: int | None) -> Inputs:
    """Return one of the rows that were not trained on, or all of them."""
    held_out = about["held_out"]
    if held_out.get("data") not in HELD_OUT:
        raise OptionError(
            "This run keeps no rows to predict for: say what with --input, "
            "such as --input FILE.csv."
        )
    x, labels = HELD_OUT[held_out["data"]](held_out)
    first, last = 0, len(x)
    if index is not None:
        if not 0 <= index < last:
            raise OptionError(
                f"--input {index} should be a file, or the number of a row "
                f"that was held out, from 0 to {last - 1:,}."
            )
        first, last = index, index + 1
    return Inputs(
        _scaled(x[first:last], about, "the part held out"),
        [f"held out {i}" for i in range(first, last)],
        labels[first:last].tolist(),
    )


def _line_held_out(held_out: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    x, y = generate_data()
    return x[held_out["rows"]], y[held_out["rows"], 0]


def _digits_held_out(
    held_out: dict[str, Any],
) -> tuple[np.ndarray, np.ndarray]:
    digits = load_digits()
    return digits.images[held_out["rows"]], digits.labels[held_out["rows"]]


def _fashion_held_out(
    held_out: dict[str, Any],
) -> tuple[np.ndarray, np.ndarray]:
    clothes = load_fashion_mnist(held_out["part"])
    return clothes.images, clothes.labels


def _signals_held_out(
    held_out: dict[str, Any],
) -> tuple[np.ndarray, np.ndarray]:
    signals = load_mnist_1d(held_out["part"])
    return signals.x, signals.y


HELD_OUT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "line": _line_held_out,
    "digits": _digits_held_out,
    "fashion-mnist": _fashion_held_out,
    "mnist-1d": _signals_held_out,
}


# ------------------------------------------------------------------- files


def _read_array(word: str, kind: str) -> np.ndarray:
    """Read an array from a .npy, .npz or IDX file; its content tells which."""
    n_axes = 3 if kind == "images" else 2
    content = read_whole(
        word,
        DataError,
        "--input takes a file, or the number of a row that was held out.",
    )
    if content.startswith((b"\x93NUMPY", b"PK")):
        return _numpy_array(content, word, kind)
    if content.startswith((GZIP, b"\0\0")):
        # a single one has an axis less
        n_axes = n_axes if _axes_of_idx(content) != n_axes - 1 else n_axes - 1
        return parse_idx(content, n_axes, word)
    raise DataError(
        f"{word} is not a .npy, .npz or IDX file, which are what can be read. "
        "numpy.save(path, array) writes one."
    )


def _numpy_array(content: bytes, word: str, kind: str) -> np.ndarray:
    try:
        found = np.load(io.BytesIO(content), allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        names = list(found)
        name = kind if kind in names or len(names) != 1 else names[0]
        if name in names:
            return found[name]
    except (
        *(OSError, ValueError, KeyError, EOFError, TypeError, MemoryError),
        *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError),
    ) as error:
        raise DataError(
            f"{word} is damaged, or holds no array of numbers "
            f"({said_by(error)})."
        ) from None
    raise DataError(
        f"{word} should hold one array, or one called {kind!r}, and holds "
        f"{one_line(names)}."
    )


def _axes_of_idx(content: bytes) -> int:
    if content.startswith(GZIP):
        try:
            with gzip.open(io.BytesIO(content)) as file:
                content = file.read(4)
        except (OSError, EOFError, zlib.error):
            return 0
    return content[3] if len(content) > 3 else 0


def _shape_of(about: dict[str, Any]) -> tuple[int, ...]:
    inputs = about["inputs"]
    if inputs["kind"] == "images":
        return tuple(inputs["shape"])
    return (inputs["length"],)


def _one_or_many(
    array: np.ndarray, shape: tuple[int, ...], word: str
) -> np.ndarray:
    """Return rows [N, ...] of an array that may be a single one."""
    if array.shape == shape:
        array = array[None]
    is_numeric = array.dtype.kind in "biuf"
    if array.shape[1:] != shape or not len(array) or not is_numeric:
        wanted = ", ".join(map(str, shape))
        raise DataError(
            f"{word} should hold numbers of shape [{wanted}], or "
            f"[N, {wanted}] for several, as the run was trained on. It holds "
            f"{list(array.shape)}, {array.dtype}."
        )
    return array


def _scaled(rows: np.ndarray, about: dict[str, Any], word: str) -> torch.Tensor:
    """Return rows as the model takes them, scaled as in training."""
    x = torch.tensor(np.ascontiguousarray(rows), dtype=torch.float32)
    if not torch.isfinite(x).all():
        raise DataError(f"{word} holds nan, inf, or numbers near 1e38.")
    inputs = about["inputs"]
    if inputs["kind"] != "images":
        return x
    highest = inputs["highest"]
    least, most = float(x.min()), float(x.max())
    if least < 0 or most > highest:
        raise DataError(
            f"{word} should hold pixels from 0 to {highest}, as the run was "
            f"trained on, and holds {least:g} to {most:g}. Scale them first."
        )
    if rows.dtype.kind == "f" and 0 < most <= 1 < highest:
        raise DataError(
            f"{word} holds pixels from {least:g} to {most:g}, which look "
            f"scaled already: give them from 0 to {highest}."
        )
    return (x / highest).unsqueeze(1)  # [n, 1, height, width]
