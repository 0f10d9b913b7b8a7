"""Each page has its links, its lists and its drawing, all up to date."""

import re
from urllib.parse import unquote

import nbformat
import pytest

from helpers import course
from helpers.authoring import navigation
from helpers.course import NOTEBOOKS, all_pages, chapters, find_page, references
from tests.tools import is_navigation, read

ALL = navigation.all_files()
every_file = pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
LINK = re.compile(r"\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)#]*)(?:#([^)]*))?\)")


def made(path) -> dict:
    """Return the sources of the cells of navigation, by id."""
    return {c.id: c.source for c in read(path).cells if is_navigation(c)}


@every_file
def test_what_storing_makes_is_up_to_date(path):
    """`python -m helpers navigation` mends a difference."""
    page = read(path)
    before = [(c.cell_type, c.id, c.source, c.metadata) for c in page.cells]
    outputs = [c.get("outputs") for c in page.cells if is_navigation(c)]
    navigation.put_navigation(page, path)
    assert before == [
        (c.cell_type, c.id, c.source, c.metadata) for c in page.cells
    ]
    # the bytes of a picture differ between machines, its words do not
    again = [c.get("outputs") for c in page.cells if is_navigation(c)]
    words = [
        [[o["data"]["text/plain"] for o in one or []] for one in every]
        for every in (outputs, again)
    ]
    assert words[0] == words[1]


@every_file
def test_the_first_and_the_last_cell_have_the_links(path):
    cells = read(path).cells
    assert cells[0].source == cells[-1].source
    assert cells[0].id == "navigation-top"
    targets = [link[1] for link in LINK.findall(cells[0].source)]
    for page in references():
        is_here = page.path == path
        assert any(t.endswith(page.file) for t in targets) != is_here
    is_start = path.name == "00_start_here.ipynb"
    assert any("00_start_here" in t for t in targets) != is_start


@every_file
def test_links_of_navigation_lead_to_a_heading(path):
    for source in made(path).values():
        for _, file, fragment in LINK.findall(source):
            target = path.parent / file
            assert target.exists(), file
            if fragment:
                headings = [
                    h for _, h in navigation.headings(read(target).cells)
                ]
                plain = [h.replace("`", "").replace(" ", "-") for h in headings]
                if target == path:
                    assert unquote(fragment) in plain, fragment
                else:  # it may not be open yet, and then only cells are found
                    name = fragment.removeprefix("cell-id=")
                    assert course.heading_of(file.removeprefix("../"), name)


def test_going_on_from_page_to_page_one_reads_them_all():
    """From the start page, "next" leads through the course, and back."""
    path, seen = find_page("00").path, []
    while path not in seen:
        seen.append(path)
        links = LINK.findall(read(path).cells[0].source)
        text, file, _ = links[-1]
        if not text.endswith("→"):
            break
        path = (path.parent / file).resolve()
        back, before, _ = LINK.findall(read(path).cells[0].source)[0]
        assert back.startswith("←")
        assert (path.parent / before).resolve() == seen[-1]
    assert seen == [page.path for page in navigation.reading_order()]


@pytest.mark.parametrize("page", chapters(), ids=lambda page: page.key)
def test_the_pipeline_is_drawn_at_the_end(page):
    cell = next(
        c for c in read(page.path).cells if c.id == "navigation-pipeline"
    )
    (output,) = cell.outputs
    words = output.data["text/plain"]
    for version in page.versions:
        assert version in words
    place = chapters().index(page)
    before = chapters()[place - 1].versions if place else ("", "", "")
    stages = ("data preparation", "model configuration", "model training")
    moved = [
        f"{stage} {now}"
        for stage, now, old in zip(stages, page.versions, before, strict=True)
        if now != old
    ]
    if moved:
        new = words.partition("New in chapter")[2]
        assert all(one in new for one in moved)
        assert new.count(" v") == len(moved)
    else:
        assert "leaves all three stages as they were" in words


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.key)
def test_exercises_are_listed_with_their_minutes(page):
    text = made(page.path).get("navigation-sections", "")
    body = "\n".join(
        c.source for c in read(page.path).cells if not is_navigation(c)
    )
    for number in re.findall(r"(?m)^##+ (?:Exercise|Task) (\S+) ·", body):
        found = re.search(
            rf"{re.escape(number)}[^(]*\([^)]*\)\* \((\d+) min", text
        )
        assert found, number
        assert f"about {found[1]} minutes" in body


def test_a_page_that_the_course_does_not_list_stays_as_it_is(tmp_path):
    page = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Mine")]
    )
    navigation.put_navigation(page, tmp_path / "mine.ipynb")
    assert len(page.cells) == 1


def test_the_command_mends_a_page_and_leaves_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(navigation, "NOTEBOOKS", tmp_path)
    name = "03_dataloader.ipynb"
    original = (NOTEBOOKS / name).read_bytes()
    page = read(NOTEBOOKS / name)
    page.cells = [c for c in page.cells if c.id != "navigation-end"]
    page.cells[0].source = "stale"
    nbformat.write(page, tmp_path / name)
    monkeypatch.setattr(
        navigation, "_page_at", lambda path: find_page(path.name[:2])
    )
    assert navigation.main([str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_bytes() == original
