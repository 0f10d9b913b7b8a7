"""Parts, chapters, challenges and quizzes, as ``course.toml`` lists them."""

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from helpers.paths import ROOT

NOTEBOOKS = ROOT / "notebooks"
FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Page:
    """One page of the course.

    Attributes:
        key: "03" for a chapter, "C1" for a challenge, "after_04" for a quiz.
        kind: "chapter", "challenge" or "quiz".
        part: the number of its part, 1 to 3.
        title: without the number.
        file: the path below ``notebooks/``.
        builds: what a reader builds there, in a few words.
        versions: of data preparation, model configuration and model training
            at the end of the page; empty where it reaches none.
        minutes: for most readers, exercises and quiz included.
    """

    key: str
    kind: str
    part: int
    title: str
    file: str
    builds: str = ""
    versions: tuple[str, ...] = ()
    minutes: int = 0

    @property
    def path(self) -> Path:
        """Where the notebook is."""
        return NOTEBOOKS / self.file

    @property
    def name(self) -> str:
        """How lists call it: "03 DataLoader", "Challenge 1: ..."."""
        if self.kind == "chapter":
            return f"{self.key} {self.title}"
        if self.kind == "challenge":
            return f"Challenge {self.key[1:]}: {self.title}"
        return self.title


@functools.cache
def all_pages() -> tuple[Page, ...]:
    """Return every page, in the order of the course.

    Raises:
        TypeError, KeyError: an entry lacks a key, or has an unknown one.
    """
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    pages = []
    for part in content["part"]:
        for kind in ("chapter", "challenge", "quiz"):
            for entry in part.get(kind, []):
                versions = tuple(entry.get("versions", ()))
                entry = {**entry, "versions": versions}
                pages.append(Page(kind=kind, part=part["number"], **entry))
    return tuple(pages)


def chapters() -> list[Page]:
    """Return the chapters, in their order."""
    return [page for page in all_pages() if page.kind == "chapter"]


def find_page(key: str) -> Page:
    """Return the page with a key.

    Raises:
        KeyError: there is none.
    """
    for page in all_pages():
        if page.key == key:
            return page
    raise KeyError(f"helpers/course.toml has no page with the key {key!r}.")
