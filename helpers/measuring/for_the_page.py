"""What chapter 17 shows beside the tables of speeds, measured in one go."""

from collections.abc import Callable
from typing import Any

from helpers.measuring.fetching import TITLES, measure_fetching
from helpers.measuring.ideas import (
    IDEAS,
    LOADING,
    measure_ideas,
    measure_loading,
)
from helpers.measuring.ladder import RUNGS, format_rows, measure_ladder
from helpers.measuring.memory_limit import measure_memory
from helpers.measuring.regimes import flatness, measure_regimes, measure_rows

# name in the stored file -> what measures it
PARTS: dict[str, Callable[[], Any]] = {
    "regimes": measure_regimes,
    "rows": measure_rows,
    "memory": measure_memory,
    "fetching": measure_fetching,
    "ladder": measure_ladder,
    "ideas": measure_ideas,
    "loading": measure_loading,
}


def measure_for_the_page(say: Callable[[str], object]) -> dict[str, Any]:
    """Measure part after part.

    Args:
        say: called with a sentence before each part.

    Returns:
        by key of `PARTS`, what its function returns.
    """
    found = {}
    for name, measure in PARTS.items():
        say(f"{name} ...")
        found[name] = measure()
    return found


def format_page(found: dict[str, Any]) -> str:
    """Return all of it as tables.

    Args:
        found: from `measure_for_the_page`.
    """
    rows = [
        f"{way}: {flatness(seconds):.2f}"
        for way, seconds in found["rows"]["seconds"].items()
    ]
    sizes = found["rows"]["n_rows"]
    parts = [
        _regimes(found["regimes"]),
        f"The dearest row over the cheapest, {sizes[0]} to {sizes[-1]} rows: "
        + ", ".join(rows),
        _memory(found["memory"]),
        format_rows(
            [{**row, "title": row["name"]} for row in found["fetching"]], TITLES
        ),
        format_rows(found["ladder"], RUNGS),
        format_rows(found["ideas"], IDEAS),
        format_rows([found["loading"]], LOADING),
    ]
    return "\n\n".join(parts)


def _regimes(found: dict[str, Any]) -> str:
    heads = [f"{size:>8}" for size in found["batch_sizes"]]
    lines = [f"{'a step (microseconds)':29} {' '.join(heads)}"]
    for name, seconds in found["seconds"].items():
        numbers = [f"{1e6 * value:8.0f}" for value in seconds]
        lines.append(f"{found['titles'][name]:29} {' '.join(numbers)}")
    return "\n".join(lines)


def _memory(found: dict[str, Any] | None) -> str:
    if found is None:
        return "Memory: this system holds no process to a limit."
    return (
        f"A file of {found['file']:.0f} MB, and {found['limit']} MB to hold: "
        f"read on demand, it trained, and held {found['held']:.0f} MB; loading "
        f"it ended with {found['loading'] or 'no error'}."
    )
