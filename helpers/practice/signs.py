"""Signs: what was seen, held against an ordered table of mistakes.

A checker collects what it saw in one namespace. A table names each mistake by
its sign, a predicate of what was seen; the first that holds is the diagnosis.
The words lie in the TOML file beside the checker (`helpers.practice.words`).
"""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NoReturn

import torch

Seen = SimpleNamespace
Signs = Mapping[str, Callable[[Any], Any]]


class Wrong(Exception):
    """Raised inside a checker when it knows what is wrong.

    Attributes:
        sign: the name of the mistake, such as "plain_mean". What follows a
            dot only chooses among several wordings: "swapped.features" is the
            diagnosis "swapped".
        seen: what the words may speak of, by name.
    """

    def __init__(self, sign: str, seen: Mapping[str, Any]):
        super().__init__(sign)
        self.sign, self.seen = sign, dict(seen)

    @property
    def diagnosis(self) -> str:
        """The short name that tests compare."""
        return self.sign.partition(".")[0]


def wrong(sign: str, seen=None, **more) -> NoReturn:
    """End a checker with a diagnosis.

    Args:
        sign: the name of the mistake; its words stand in the TOML file.
        seen: a namespace, a dataclass or a dictionary the words may use.
        more: more values for the words, by name.

    Raises:
        Wrong: always.
    """
    raise Wrong(sign, {**_as_dict(seen), **more})


def judge(signs: Signs, seen=None, **more) -> None:
    """Go down a table of signs; the first that holds names the mistake.

    Args:
        signs: name -> predicate of what was seen, in order.
        seen: what the predicates look at, and the words.
        more: more values for the words, by name.

    Raises:
        Wrong: a sign holds.
    """
    for sign, holds in signs.items():
        if holds(seen):
            wrong(sign, seen, **more)


def judge_value(
    suspects: Signs,
    seen,
    *,
    found,
    right,
    otherwise: str = "other_value",
    tolerance: float = 1e-5,
    **more,
) -> None:
    """Compare a value; where it is wrong, find the mistake that gives it.

    Args:
        suspects: name -> what an answer with this mistake gives, computed from
            what was seen; a list of several for a single number; None where
            the mistake cannot be told from a right answer.
        seen: what the suspects look at, and the words.
        found: what the answer gave.
        right: what it should have given.
        otherwise: the diagnosis where no suspect agrees.
        tolerance: how far numbers may differ and still agree.
        more: more values for the words, by name.

    Raises:
        Wrong: found is not right. The words may use ``found`` and ``right``.
    """
    if agree(found, right, tolerance):
        return
    for sign, suspect in suspects.items():
        given = suspect(seen)
        if given is not None and _any_agrees(found, given, tolerance):
            wrong(sign, seen, found=found, right=right, **more)
    wrong(otherwise, seen, found=found, right=right, **more)


def _any_agrees(found, given, tolerance: float) -> bool:
    if isinstance(given, list) and not isinstance(found, (list, tuple)):
        return any(agree(found, one, tolerance) for one in given)
    return agree(found, given, tolerance)


def renamed(signs: Signs, **new_names: str) -> Signs:
    """Return a table with other names for some of its signs."""
    return {new_names.get(name, name): sign for name, sign in signs.items()}


def agree(a, b, tolerance: float = 1e-5) -> bool:
    """Whether two numbers, tensors or lists of tensors agree."""
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(
            agree(p, q, tolerance) for p, q in zip(a, b, strict=True)
        )
    a, b = (torch.as_tensor(value).cpu().double() for value in (a, b))
    same_shape = a.shape == b.shape
    return same_shape and torch.allclose(a, b, rtol=tolerance, atol=tolerance)


def _as_dict(seen) -> dict[str, Any]:
    if seen is None:
        return {}
    return dict(seen) if isinstance(seen, Mapping) else dict(vars(seen))
