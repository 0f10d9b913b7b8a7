"""Faults that the checkers and the watch recognize, as pages of the site.

They come from the files of words alone. What a checker saw is not known here:
an ellipsis stands in its place.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from helpers.clinic.report import WORDS as WATCH
from helpers.course import anchor, find_page, parts, reading_order
from helpers.practice.exercises import Exercise, all_exercises
from helpers.practice.words import CHECK, SHARED, Words, read_words

HEAD = """\
# Faults that the checkers recognize

An answer that is not right yet gets a sentence about what was found, and the
likely cause. These are the sentences. They give away what can go wrong, so do
an exercise first. Where a checker says what it saw, "…" stands here.

{links}
"""
_PLACE = re.compile(r"\{\{|\}\}|\{[^{}]*\}")


def write(folder: Path) -> None:
    """Write one page for each part of the course, and one for what is shared.

    Args:
        folder: where Sphinx reads.
    """
    place = folder / "faults"
    place.mkdir()
    links = []
    for number, title in parts().items():
        heading = f"Faults in Part {'I' * number}: {title}"
        text = "\n\n".join(_of_part(number, heading))
        path = place / f"part_{number}.md"
        path.write_text(text + "\n", encoding="utf-8")
        links.append(f"- [{heading}](faults/{path.name})")
    blocks = [
        HEAD.format(links="\n".join(links)),
        "## In many exercises",
        *_of_shared(),
        "## In any loop, seen by the watch",
        "`python -m helpers watch SCRIPT` and `helpers.clinic` look at "
        "training loops. This is what they find, the likeliest cause first.",
        *_of_watch(),
    ]
    (folder / "faults.md").write_text("\n\n".join(blocks), encoding="utf-8")


def _of_part(number: int, heading: str) -> Iterator[str]:
    yield f"---\norphan: true\n---\n\n# {heading}"
    exercises = all_exercises()
    for page in reading_order():
        of_page = [entry for entry in exercises if entry.page == page.key]
        if page.part == number and of_page:
            yield f"## {page.name}"
            for entry in of_page:
                yield from _of_exercise(entry)


def _of_exercise(entry: Exercise) -> Iterator[str]:
    """Yield a heading that links to the exercise, and its own faults."""
    assert entry.path is not None
    file = find_page(entry.page).file
    yield f"### {entry.name}"
    yield f"[Go to it](<../{file}#{unquote(anchor(entry.name))}>)"
    also = [CHECK / f"{name}.toml" for name in entry.also]
    common = [path for path in also if path.stem == "common"]
    words = Words(entry.path)
    # a task may have no words but those of an exercise that it repeats
    yield (
        _listed(words, map(read_words, (entry.path, *common)))
        or _listed(words, map(read_words, also))
        or "Its faults are those of many exercises."
    )


def _of_shared() -> Iterator[str]:
    for path in sorted(SHARED.glob("*.toml")):
        table = read_words(path)
        said = _listed(Words(), [table])
        if said:
            yield said


def _of_watch() -> Iterator[str]:
    yield "\n".join(
        f"- {_shown(words['saw'])} {_shown(words['why'])} "
        f"**Try:** {_shown(words['try'])}"
        for words in WATCH.values()
        if {"saw", "why", "try"} <= set(words)
    )


def _listed(words: Words, tables: Iterable[dict[str, Any]]) -> str:
    """List the faults of some tables, each cause once."""
    lines: dict[str, str] = {}
    for table in tables:
        for sign in _signs(table):
            fields = words.fields(sign)
            if {"found", "cause"} <= fields.keys():
                cause = _shown(fields["cause"])
                found = _shown(fields["found"])
                # what only repeats what was seen says nothing here
                found = f"{found} " if re.search("[a-z]{4}", found) else ""
                line = f"- {found}**Likely cause:** {cause}"
                lines.setdefault(cause, line)
    return "\n".join(lines.values())


def _signs(table: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the signs of a table, "swapped.features" too."""
    for name, fields in table.items():
        if name in ("exercise", "help") or not isinstance(fields, dict):
            continue
        yield name
        for inner, more in fields.items():
            if isinstance(more, dict) and inner != "look":
                yield f"{name}.{inner}"


def _shown(text: str) -> str:
    """Return words with an ellipsis for each thing that was seen."""

    def place(found: re.Match) -> str:
        return found[0][0] if found[0] in ("{{", "}}") else "…"

    return " ".join(_PLACE.sub(place, text).split())
