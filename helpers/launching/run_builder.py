"""Every combination of some settings, as runs with short names."""

import itertools
from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.errors import CourseError, one_line

MOST_RUNS = 10_000
PLAIN = (bool, int, float, str)  # what a file of results can hold


class SweepError(CourseError):
    """A grid of settings, or a sweep over it, that makes no sense."""


class RunBuilder:
    """Builds the runs of a grid (chapter 16)."""

    @staticmethod
    def get_runs(parameters: Mapping[str, Sequence[Any]]) -> list[Any]:
        """Return one named tuple per combination, the last name first to vary.

        Args:
            parameters: by name, the values to try: numbers, texts or truth
                values.

        Raises:
            SweepError: something other than lists of such values, an empty
                list, a value that is there twice, or a name that cannot be
                the field of a named tuple.
        """
        check_grid(parameters)
        Run = namedtuple("Run", parameters)
        combinations = itertools.product(*parameters.values())
        return [Run(*values) for values in combinations]


def check_grid(parameters: Mapping[str, Sequence[Any]]) -> None:
    """Check that a grid has names, and a list of plain values for each.

    Raises:
        SweepError: see `RunBuilder.get_runs`.
    """
    if not isinstance(parameters, Mapping) or not parameters:
        raise SweepError(
            "A grid should be a dictionary of lists such as "
            f'{{"lr": [0.01, 0.1]}}, and is {one_line(parameters)}.'
        )
    n_runs = 1
    for name, values in parameters.items():
        _check_name(name)
        _check_values(name, values)
        n_runs *= len(values)
    if n_runs > MOST_RUNS:
        raise SweepError(
            f"This grid has {n_runs:,} combinations, and {MOST_RUNS:,} are "
            "the most. Leave out values, or try some of them at random."
        )


def _check_name(name: Any) -> None:
    try:
        namedtuple("Run", [name])
    except (ValueError, TypeError):
        raise SweepError(
            f"{one_line(name)} cannot name a setting: use letters, digits and "
            "_, no word of Python's own, and no _ in front."
        ) from None


def _check_values(name: str, values: Any) -> None:
    if not isinstance(values, list | tuple):
        raise SweepError(
            f"{name} should be a list of the values to try, such as "
            f"[0.01, 0.1], and is {one_line(values)}."
        )
    if not values:
        raise SweepError(
            f"{name} is an empty list, so that there is no combination at "
            "all. Give it a value, or leave it out."
        )
    for number, value in enumerate(values):
        if not isinstance(value, PLAIN):
            raise SweepError(
                f"{name} has {one_line(value)} among its values: numbers, "
                "texts and truth values can be tried, since each has a short "
                "name. Give other things a name, and look them up by it."
            )
        if value in values[:number]:
            raise SweepError(
                f"{name} has {one_line(value)} twice: two runs would be one "
                "and the same. Remove one of them; to repeat a run, give it "
                "several seeds."
            )


def run_name(settings: Any) -> str:
    """Return a short name that says all settings: ``lr=0.01_seed=3``.

    Args:
        settings: a named tuple, or a dictionary.
    """
    if not isinstance(settings, Mapping):
        settings = settings._asdict()
    return "_".join(f"{name}={value}" for name, value in settings.items())
