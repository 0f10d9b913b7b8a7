"""Arrays in a file of data/, as `numpy.savez` stores them, read with care."""

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from helpers.errors import DataError
from helpers.files import read_whole
from helpers.paths import display_path, missing_course


def read_arrays(path: Path, *names: str) -> list[np.ndarray]:
    """Read arrays that come with the course.

    Args:
        path: a file of data/.
        names: of the arrays in it.

    Returns:
        the arrays, in the order of their names; none holds Python objects.

    Raises:
        DataError: the file is missing or damaged, or lacks one of them.
    """
    bring_back = f"Bring it back with: git checkout data/{path.name}"
    content = read_whole(path, DataError, missing_course() or bring_back)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return [arrays[name] for name in names]
    except (
        *(OSError, ValueError, KeyError, EOFError, TypeError, AttributeError),
        *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError),
    ) as reason:
        raise DataError(
            f"{display_path(path)} is damaged, or is another file: arrays "
            f"of {' and '.join(names)} were expected. {bring_back}"
        ) from reason
