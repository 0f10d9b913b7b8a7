"""What a version gives, said in its own file and found by looking there.

Here belongs what reads the folders of the stages. Nothing lists the versions:
a new file ``v4.py`` beside the others is found as soon as somebody looks, and
nobody looks before a sentence has to name a version.
"""

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def names_in(names: str | Iterable[str]) -> tuple[str, ...]:
    """Return names as a tuple; a string holds them with spaces between."""
    return tuple(names.split() if isinstance(names, str) else names)


def gives(names: str | Iterable[str]) -> Callable:
    """Say what a version of a stage returns, in this order.

    Args:
        names: for ``configure_model`` the parts of its configuration, for
            ``prepare_data`` what it returns: ``"train_loader val_loader"``.

    A configuration notes which version has made it, for the sentences that
    have to name it.
    """
    given = names_in(names)

    def decorate(function: Callable) -> Callable:
        version = function.__module__.rpartition(".")[2]

        @functools.wraps(function)
        def stage(*args, **kwargs):
            result = function(*args, **kwargs)
            note = getattr(type(result), "note_version", None)
            if note is not None:
                note(result, version)
            return result

        setattr(stage, "gives", given)  # noqa: B010
        return stage

    return decorate


def versions_of(stage: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each version of a stage with what it gives, lowest number first.

    Args:
        stage: the name of a folder in ``helpers``.
    """
    package = importlib.import_module(f"helpers.{stage}")
    found = [module.name for module in pkgutil.iter_modules(package.__path__)]
    numbers = [int(name[1:]) for name in found if re.fullmatch(r"v\d+", name)]
    for number in sorted(numbers):
        name = f"{package.__name__}.v{number}"
        try:
            module = importlib.import_module(name)
        except Exception:  # a version half written must not hide the sentence
            continue
        for value in list(vars(module).values()):
            given: Any = getattr(value, "gives", None)
            if given and getattr(value, "__module__", None) == name:
                yield f"v{number}", given


def first_version_with(stage: str, names: Iterable[str]) -> str | None:
    """Return the first version of a stage that gives all these; else None."""
    wanted = set(names)
    for version, given in versions_of(stage):
        if wanted <= set(given):
            return version
    return None


def first_version_returning(stage: str, names: Iterable[str]) -> str | None:
    """Return the first version that gives exactly these; else None."""
    wanted = tuple(names)
    for version, given in versions_of(stage):
        if given == wanted:
            return version
    return None
