"""Results of the benchmark as files, for the page and for later.

``data/benchmarks/`` has what the page draws and prints; it is written by
``python -m helpers bench --store`` alone. Every other run of the benchmark
writes the same files into ``runs/bench/``. A file is a dictionary:

    machine   date, versions, cpu, cores (`describe_machine`)
    NAME      what the function measure_NAME returned, one entry or more

    speeds.json     jobs, compiling, versions
    libraries.json  libraries
    page.json       regimes, rows, memory, fetching, profiles, ladder, ideas
"""

import json
import re
from pathlib import Path
from typing import Any

from helpers.errors import DataError
from helpers.files import write_whole
from helpers.paths import DATA, RUNS, display_path

STORED = DATA / "benchmarks"
LAST = RUNS / "bench"
NAMES = ("speeds", "libraries", "page")
DIGITS = 4  # significant ones: no time is known better


def read_benchmark(name: str, folder: Path = STORED) -> dict[str, Any]:
    """Read what was measured: "speeds", "libraries" or "page".

    Raises:
        DataError: the file is missing or damaged.
    """
    path = folder / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"There is no {display_path(path)}. It belongs to the course: get "
            "it from there again, or measure it: python -m helpers bench "
            "--store."
        ) from None
    except ValueError as error:
        raise DataError(
            f"{display_path(path)} is damaged: {error}. Get it from the "
            "course again."
        ) from error


def write_benchmark(
    name: str, results: dict[str, Any], folder: Path = LAST
) -> Path:
    """Write what was measured, rounded to what can be known of a time.

    Args:
        name: "speeds", "libraries" or "page".
        results: plain data, "machine" among them.
        folder: where to.

    Returns:
        the path of the file.
    """
    path = folder / f"{name}.json"
    text = json.dumps(rounded(results), indent=1, allow_nan=False)
    write_whole(path, _numbers_in_a_line(text).encode() + b"\n", DataError)
    return path


def rounded(value: Any) -> Any:
    """Round every float in nested data to a few significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {str(key): rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(inner) for inner in value]
    return value


def _numbers_in_a_line(text: str) -> str:
    """Put a list of numbers into one line of the file."""
    return re.sub(
        r"\[\s+([-+.,\de\s]+?)\s+\]",
        lambda found: f"[{' '.join(found[1].split())}]",
        text,
    )
