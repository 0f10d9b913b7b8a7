"""Words for diagnoses, from TOML files that anybody can edit.

An exercise ``helpers/check/chapter_NN/NAME.py`` has its words beside it in
``NAME.toml``. What many exercises say alike stands in ``practice/words/``, and
``also`` names the words of other exercises to borrow. Where two files speak of
one mistake, the exercise's own words win, field by field.

In a text, ``{right:.4f}`` shows what was seen, and ``{kind result}``,
``{code record}``, ``{numbers values}``, ``{names events}`` and ``{shape x}``
show it in words. ``{{`` and ``}}`` are plain braces.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.course import anchor, find_page
from helpers.practice import describe
from helpers.practice.signs import Wrong

SHARED = Path(__file__).with_name("words")
CHECK = Path(__file__).parents[1] / "check"
FIELDS = ("expected", "found", "cause", "look", "like")
_SHOW = {
    "kind": describe.describe,
    "code": describe.inline_code,
    "numbers": describe.numbers,
    "names": describe.names,
    "shape": describe.shape,
    "line": describe.one_line,
}
_PLACE = re.compile(r"\{\{|\}\}|\{(?:(\w+) )?([A-Za-z_][\w.]*)(?::([^{}]*))?\}")


@dataclass(frozen=True)
class Section:
    """A place in the course that explains something.

    Attributes:
        page: the key of a page in ``course.toml``, such as "08".
        section: its heading, as the page spells it.
    """

    page: str
    section: str

    def __str__(self) -> str:
        name = find_page(self.page).name if self.page[0] == "C" else ""
        place = name or f"chapter {self.page}"
        return f"{place}, the section *{self.section}*"

    def as_markdown(self, prefix: str = "") -> str:
        """Return a link, for a page that reaches notebooks/ by ``prefix``."""
        file = find_page(self.page).file
        return f"[{self}]({prefix}{file}#{anchor(self.section)})"


@dataclass(frozen=True)
class Finding:
    """A diagnosis in words, as a verdict shows it."""

    diagnosis: str
    expected: str
    found: str
    cause: str
    look: Section | str | None = None


def read_words(path: Path) -> dict[str, Any]:
    """Read a file of words.

    Raises:
        ValueError: it is not TOML; the message names the file and the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from error


class Words:
    """The words of one exercise, and those that it shares with others.

    Args:
        path: the TOML file beside its checker; None for shared words alone.
    """

    def __init__(self, path: Path | None = None):
        own = read_words(path) if path is not None else {}
        also = own.get("exercise", {}).get("also", [])
        files = [CHECK / f"{name}.toml" for name in also]
        files += sorted(SHARED.glob("*.toml"))
        self.tables = [own, *map(read_words, files)]  # the nearest first

    def fields(self, sign: str) -> dict[str, Any]:
        """Return the words of a sign, unfilled; {} if there are none."""
        found: dict[str, Any] = {}
        for table in reversed(self.tables):
            nearer = self._in_table(table, sign)
            if "like" in nearer:  # it wins over what lies farther, too
                found |= self.fields(nearer.pop("like"))
            found |= nearer
        return found

    @staticmethod
    def _in_table(table: Mapping[str, Any], sign: str) -> dict[str, Any]:
        """Collect from "swapped", then from "swapped.features", which wins."""
        found: dict[str, Any] = {}
        for part in sign.split("."):
            table = table.get(part, {})
            found |= {key: table[key] for key in FIELDS if key in table}
        return found

    def put(self, mistake: Wrong) -> Finding:
        """Put a mistake into words.

        Raises:
            LookupError: there are no words for it, or they speak of something
                that was not seen.
        """
        fields = self.fields(mistake.sign)
        missing = {"expected", "found", "cause"} - fields.keys()
        if missing:
            raise LookupError(
                f"The diagnosis {mistake.sign!r} has no words for "
                f"{', '.join(sorted(missing))}."
            )
        texts = (
            fill(fields[name], mistake.seen)
            for name in ("expected", "found", "cause")
        )
        return Finding(mistake.diagnosis, *texts, look=look_of(fields))


def look_of(table: Mapping[str, Any]) -> Section | None:
    """Return the section that a table of words names, if it names one."""
    return Section(**table["look"]) if "look" in table else None


def fill(text: str, seen: Mapping[str, Any]) -> str:
    """Fill what was seen into a text.

    Raises:
        LookupError: the text speaks of something that was not seen.
    """

    def value_of(match: re.Match) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        show, path, form = match.groups()
        first, *rest = path.split(".")
        if first not in seen:
            raise LookupError(f"{match[0]} was not seen, in: {text}")
        value = seen[first]
        for name in rest:
            value = getattr(value, name)
        if show:
            return _SHOW[show](value)
        return format(value, form or "")

    return " ".join(_PLACE.sub(value_of, text).split())
