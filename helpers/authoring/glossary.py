"""The glossary: the terms of the course, each with where it first appears.

`data/glossary.toml` is its source: one ``[[term]]`` per term, with the chapter
and the section in which a reader meets it. The page ``glossary.ipynb`` is made
from it, and each chapter names its new terms below its aims (`navigation`), so
that the links lead both ways.
"""

import functools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from helpers.course import Page, chapters, find_page, section
from helpers.paths import DATA

FILE = DATA / "glossary.toml"
AIMS = re.compile(r"\*\*You will\*\*\s+(?:- .*\n)+")
INTRODUCTION = """\
# Glossary

The terms of the course in alphabetical order. Each entry says what the word
means here, and links to the section in which it first appears. Every chapter
lists its new terms below its aims, with links back to this page.
*View → Table of Contents* shows all terms beside the page.
"""


@dataclass(frozen=True)
class Term:
    """One term of the course.

    Attributes:
        name: as the glossary lists it, such as "rank (of a process)".
        words: what it means here, Markdown.
        page: the key of the chapter in which it first appears.
        section: the heading there; that of the chapter for its first lines.
        also: forms in which a page writes it, if not only as its name; one
            in backticks is found in code alone.
        since: the chapter from which on it has this meaning; "" for any.
        link: the address of a page that says more; "" for none.
    """

    name: str
    words: str
    page: str
    section: str
    also: tuple[str, ...] = ()
    since: str = ""
    link: str = ""

    @property
    def forms(self) -> tuple[str, ...]:
        """How pages write it."""
        return self.also or (self.name,)


@functools.cache
def all_terms() -> tuple[Term, ...]:
    """Return every term, in alphabetical order.

    Raises:
        TypeError, KeyError: an entry lacks something, or has an unknown key.
    """
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    terms = [
        Term(**{**entry, "also": tuple(entry.get("also", ()))})
        for entry in content["term"]
    ]
    return tuple(sorted(terms, key=lambda term: term.name.lower()))


def terms_of_page(path: Path) -> list[Term]:
    """Return the terms that first appear on a page, in the order of the page.

    Args:
        path: of a notebook.
    """
    keys = {page.key: page for page in chapters()}
    sections = [name for name, _ in sections_of(path)] if path.exists() else []
    mine = [term for term in all_terms() if keys[term.page].file == path.name]
    return sorted(mine, key=lambda term: sections.index(term.section))


def sections_of(path: Path) -> Iterator[tuple[str, str]]:
    """Give heading and Markdown of each section of a page, from the top.

    Cells of navigation and quizzes are left out, as is code.
    """
    heading, text = "", ""
    for cell in nbformat.read(path, as_version=4).cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type != "markdown" or tags & {"navigation", "quiz"}:
            continue
        source = re.sub(r"(?ms)^```.*?^```", "", cell.source)
        for line in source.splitlines():
            found = re.match(r"#+ (.+?)\s*$", line)
            if found:
                if heading:
                    yield heading, text
                heading, text = found[1], ""
            else:
                text += line + "\n"
    yield heading, text


def first_appearance(term: Term) -> tuple[str, str]:
    """Return page and section in which a term first appears.

    That is where a page first sets it in italics or bold, or in code where the
    term is code, as pages do with a word that they explain. For a term that no
    page sets so, it is where it is first written.

    Raises:
        LookupError: no chapter has it.
    """
    for is_in in (_is_set_apart, _is_written):
        for page in chapters():
            if page.key < term.since:
                continue
            for heading, text in _sections(page):
                if is_in(term, f"{heading}.\n{text}"):
                    return page.key, heading
    raise LookupError(f"No chapter has the term {term.name!r}.")


def _is_set_apart(term: Term, text: str) -> bool:
    spans = re.findall(r"(?<![\w*])\*{1,2}([^*\n]+)\*{1,2}(?![\w*])", text)
    spans += re.findall(r"`[^`\n]+`", text)
    return any(
        re.fullmatch(rf"{re.escape(form)}[.,]?", span.strip(), re.IGNORECASE)
        for form in term.forms
        for span in spans
    )


def _is_written(term: Term, text: str) -> bool:
    prose = re.sub(r"`[^`\n]+`", " ", text)
    return any(
        re.search(rf"(?i)(?<!\w){re.escape(form)}(?!\w)", prose)
        for form in term.forms
    )


@functools.cache
def _sections(page: Page) -> tuple[tuple[str, str], ...]:
    """Return the sections of a chapter, its aims and its recap left out."""
    return tuple(
        (heading, AIMS.sub("", text))
        for heading, text in sections_of(page.path)
        if heading != "What you learned"
    )


def make_cells() -> list[nbformat.NotebookNode]:
    """Make the cells of the page: one for each letter and each term."""
    texts = {"introduction": INTRODUCTION}
    for term in all_terms():
        letter = term.name[0].upper()
        texts[f"letter-{letter}"] = f"## {letter}"
        texts[cell_id(term)] = _entry(term)
    return [
        nbformat.v4.new_markdown_cell(text, id=name)
        for name, text in texts.items()
    ]


def cell_id(term: Term) -> str:
    """Return the id of the cell that explains a term."""
    return "term-" + re.sub(r"\W+", "-", term.name).strip("-")


def _entry(term: Term) -> str:
    where = find_page(term.page)
    place = f"{where.name}, *{term.section}*"
    if term.section.startswith(f"{term.page} ·"):
        place = where.name
    address = section(where.file, term.section)
    more = f" See also [the documentation]({term.link})." if term.link else ""
    return (
        f"### {term.name}\n\n{term.words}{more} First in [{place}]({address})."
    )
