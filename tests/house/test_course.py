"""The course is listed once, and every list agrees with it."""

import itertools
import re

import pytest

from helpers import course
from helpers.practice.exercises import all_exercises
from helpers.practice.quiz import QUIZZES
from tests.tools import NOTEBOOKS, ROOT, markdown_cells, pages, read

ALL = course.all_pages()
every_page = pytest.mark.parametrize("page", ALL, ids=[p.key for p in ALL])


def first_cell(page) -> str:
    return markdown_cells(page.path)[0].source


def test_every_notebook_is_listed_and_the_other_way_round():
    listed = {page.path for page in (*ALL, *course.references())}
    solutions = {p for p in pages() if p.stem.endswith("_solution")}
    assert listed == set(pages()) - solutions
    keys = [page.key for page in (*ALL, *course.references())]
    assert len(set(keys)) == len(keys)


@every_page
def test_titles_are_those_of_the_pages(page):
    heading = first_cell(page).splitlines()[0]
    if page.kind == "chapter":
        assert heading == f"# {page.key} · {page.title}"
    elif page.kind == "challenge":
        assert heading == f"# Challenge {page.key[1:]} · {page.title}"
    else:
        assert heading == f"# {page.title}"


@pytest.mark.parametrize("page", course.chapters(), ids=lambda p: p.key)
def test_minutes_and_versions_are_those_of_the_pages(page):
    assert f"About {page.minutes} minutes" in first_cell(page)
    # the versions that the page's last block imports or names
    text = "".join(cell.source for cell in read(page.path).cells)
    place = text.rindex("## The pipeline now")
    stages = ("data preparation", "model configuration", "model training")
    for stage, version in zip(stages, page.versions, strict=True):
        now = re.findall(rf"{stage}\W+(?:version )?\W*v?(\d)", text[place:])
        assert now and f"v{now[0]}" == version, (stage, now)


def test_versions_only_go_up_and_exist():
    numbers = [
        [int(version[1:]) for version in page.versions]
        for page in course.chapters()
    ]
    for earlier, later in itertools.pairwise(numbers):
        assert all(a <= b for a, b in zip(earlier, later, strict=True))
    stages = ("data_preparation", "model_configuration", "model_training")
    for stage, version in zip(stages, numbers[-1], strict=True):
        assert (ROOT / "helpers" / stage / f"v{version}.py").exists()


def test_exercises_and_quizzes_belong_to_a_page():
    keys = {page.key for page in ALL}
    assert {entry.number.split(".")[0] for entry in all_exercises()} <= keys
    assert {path.stem for path in QUIZZES.glob("*.toml")} <= keys


def test_the_table_of_the_readme_is_that_of_the_course():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in course.chapters():
        row = (
            f"| [{page.name}](notebooks/{page.file}) | {page.builds} | "
            f"{', '.join(page.versions)} | {page.minutes} |"
        )
        assert row in readme, row
    for page in ALL:
        assert f"notebooks/{page.file}" in readme


def test_an_unknown_page_is_refused_by_name():
    with pytest.raises(KeyError, match="'99'"):
        course.find_page("99")


def test_pages_lie_where_the_course_says():
    assert course.NOTEBOOKS == NOTEBOOKS


def test_pages_are_read_in_an_order_that_has_each_of_them():
    order = course.reading_order()
    assert set(order) == set(ALL) and len(order) == len(ALL)
    keys = [page.key for page in order]
    assert keys[:7] == ["00", "01", "02", "03", "04", "after_04", "05"]
    assert keys[keys.index("after_10") + 1] == "C1"
    assert keys[keys.index("C1") + 1] == "11"
    assert keys[-1] == "C3"


def test_an_anchor_is_the_heading_with_hyphens():
    assert course.anchor("A loader") == "A-loader"
    assert course.anchor("What `with` does?") == "What-with-does%3F"


def test_a_section_is_found_by_its_cell_and_the_other_way():
    file, heading = "05_evaluation.ipynb", "The ragged batch"
    link = course.section(file, heading)
    assert link.startswith(f"{file}#cell-id=")
    # a break stands above it in the same cell, and is no section
    assert course.heading_of(file, link.partition("=")[2]) == heading
    with pytest.raises(KeyError, match="no heading 'Nowhere'"):
        course.section(file, "Nowhere")
