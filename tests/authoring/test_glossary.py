"""Each term is explained once, and leads to where it first appears."""

import re

import pytest

from helpers.authoring import glossary
from helpers.authoring.glossary import Term, all_terms, first_appearance
from helpers.course import chapters, find_page, heading_of, section
from tests.tools import NOTEBOOKS, read

TERMS = all_terms()
every_term = pytest.mark.parametrize("term", TERMS, ids=lambda t: t.name)


def term(name, **more):
    return Term(name=name, words="", page="", section="", **more)


@every_term
def test_the_section_has_the_term_and_is_the_first(term):
    path = find_page(term.page).path
    sections = dict(glossary.sections_of(path))
    assert term.section in sections
    text = f"{term.section}\n{sections[term.section]}"
    assert any(
        re.search(rf"(?i)(?<!\w){re.escape(form)}(?!\w)", text)
        for form in term.forms
    ), f"{term.section} does not have it"
    assert first_appearance(term) == (term.page, term.section)


@every_term
def test_words_are_a_sentence_or_two(term):
    assert 4 <= len(term.words.split()) <= 45
    assert term.words.endswith(".")
    assert not re.search(r"\b(brackets|is no)\b", term.words)


def test_names_are_unique_and_there_are_many():
    names = [term.name.lower() for term in TERMS]
    assert len(set(names)) == len(names) >= 90
    assert {term.page for term in TERMS} == {page.key for page in chapters()}


def test_the_page_has_each_term_with_its_link():
    text = "\n".join(
        cell.source for cell in read(NOTEBOOKS / "glossary.ipynb").cells
    )
    entries = dict(re.findall(r"(?m)^### (.+)\n\n(.+)$", text))
    assert list(entries) == [term.name for term in TERMS]
    for term in TERMS:
        assert entries[term.name].startswith(term.words)
        file = find_page(term.page).file
        assert f"({section(file, term.section)})" in entries[term.name]


@pytest.mark.parametrize("page", chapters(), ids=lambda page: page.key)
def test_each_chapter_links_back_to_its_terms(page):
    cells = {cell.id: cell.source for cell in read(page.path).cells}
    line = cells["navigation-sections"].partition("New terms")[2]
    assert ("</details>" in line) is (line.count(" · ") >= 12)
    linked = re.findall(r"\(glossary\.ipynb#cell-id=([^)]+)\)", line)
    mine = [t for t in TERMS if t.page == page.key]
    assert sorted(linked) == sorted(map(glossary.cell_id, mine))
    for term in mine:
        name = glossary.cell_id(term)
        assert heading_of("glossary.ipynb", name) == term.name
        # and the other way: the site leads to the heading of the cell
        cell = section(page.file, term.section).partition("=")[2]
        assert heading_of(page.file, cell) == term.section


def test_the_first_appearance_is_where_a_word_is_set_apart():
    # "batch" is written in chapter 00, and set apart in chapter 02
    assert first_appearance(term("batch")) == ("02", "Three kinds of index")
    # in another sense, from a later chapter on
    assert first_appearance(term("rank", since="18"))[0] == "18"
    assert first_appearance(term("rank"))[0] == "11"
    # only in code: `dtype`, not the word in a sentence
    assert first_appearance(term("dtype", also=("`dtype`",)))[0] == "00"


def test_a_term_that_no_chapter_has_is_refused():
    with pytest.raises(LookupError, match="perceptual hash"):
        first_appearance(term("perceptual hash"))
