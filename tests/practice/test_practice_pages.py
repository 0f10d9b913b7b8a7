"""The exercises and quizzes as they stand in the pages."""

import ast
import re

import pytest

from helpers.page.markdown import markdown
from helpers.practice.checkers import CHECKERS
from helpers.practice.exercises import all_exercises
from tests.tools import (
    NOTEBOOKS,
    import_every_checker,
    is_navigation,
    markdown_cells,
    pages,
    python_of,
    read,
)

import_every_checker()

CHAPTERS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))[1:]
every_chapter = pytest.mark.parametrize(
    "path", CHAPTERS, ids=[path.name for path in CHAPTERS]
)


def tagged(cell, tag):
    return tag in cell.metadata.get("tags", [])


def written(path):
    """Return the cells of a page without what storing it puts in."""
    return [cell for cell in read(path).cells if not is_navigation(cell)]


def exercises_of(path):
    """Give number, place, and the three cells of each exercise of a page."""
    cells = written(path)
    for place, cell in enumerate(cells):
        found = re.match(r"### Exercise (\S+) · (.+)", cell.source)
        if found and cell.cell_type == "markdown":
            yield found[1], place, cells[place : place + 3]


ALL = [
    pytest.param(path, place, three, id=number)
    for path in CHAPTERS
    for number, place, three in exercises_of(path)
]
every_exercise = pytest.mark.parametrize(("path", "place", "three"), ALL)


def test_every_exercise_is_in_a_page_and_the_other_way_round():
    in_pages = [param.id for param in ALL]
    registered = [n for n in CHECKERS if not n.startswith("C")]
    assert sorted(in_pages) == sorted(registered)


@every_chapter
def test_two_to_three_where_the_idea_is_fresh(path):
    found = [(number, place) for number, place, _ in exercises_of(path)]
    numbers = [number for number, _ in found]
    chapter = path.name[:2]
    assert numbers == [f"{chapter}.{k + 1}" for k in range(len(found))]
    assert 2 <= len(found) <= 4
    # spread over the page: something is told between the first and the last
    assert found[-1][1] - found[0][1] > 4 * (len(found) - 1)
    assert found[-1][1] < len(written(path)) - 4


@every_chapter
def test_the_time_at_the_top_counts_the_exercises_in(path):
    first = written(path)[0].source
    minutes = sum(
        entry.minutes
        for number, entry in ((e.number, e) for e in all_exercises())
        if number.startswith(path.name[:2])
    )
    said = re.search(
        r"About (\d+) minutes, (\d+) of them for the exercises\. ", first
    )
    assert int(said[2]) == minutes
    assert int(said[1]) >= minutes + 20


@every_exercise
def test_an_exercise_is_three_cells(path, place, three):
    statement, stub, check = three
    assert [c.cell_type for c in three] == ["markdown", "code", "code"]
    assert all(tagged(cell, "exercise") for cell in three)
    found = re.match(r"### Exercise (\S+) · (.+)", statement.source)
    number, title = found.groups()
    entry = CHECKERS[number].exercise
    assert title == entry.title
    said = f"*{entry.level.capitalize()}, about {entry.minutes} minutes.*"
    assert said in statement.source
    assert "..." in stub.source and not stub.outputs
    # the cell can be run first on a fresh kernel, so it imports what it uses
    assert re.fullmatch(
        rf"from helpers\.check import chapter_{number[:2]} as check\n\n"
        rf"check\.{CHECKERS[number].__name__}\([^()]*\)",
        check.source.strip(),
    )
    (output,) = check.outputs
    assert f"{entry.name}: not started." in output.data["text/plain"]


@pytest.mark.parametrize("entry", all_exercises(), ids=lambda e: e.number)
def test_hints_one_at_a_time_and_a_solution_folded_away(entry):
    """They come with the verdict: no key on a cell can lay them open."""
    is_task = entry.number.startswith("C")
    # a task of a challenge may do with one
    assert len(entry.help.hints) in ((1, 2) if is_task else (2,))
    assert bool(entry.help.solution) != is_task
    shown = CHECKERS[entry.number](...)._repr_html_()
    for hint in entry.help.hints:
        assert markdown(hint) in shown
    if not is_task:
        # the second hint lies inside the first, the solution beside it
        parts = re.findall(r"<summary>(.*?)</summary>|(</details>)", shown)
        flat = [name or end for name, end in parts]
        assert flat == [
            *("Hint 1", "Hint 2", "</details>", "</details>"),
            *("A solution", "</details>"),
        ]
    assert "<details open" not in shown


def test_no_page_gives_a_solution_away_in_a_cell():
    for path in pages():
        for cell in markdown_cells(path):
            assert "<details>" not in cell.source, path.name


def last_line(cell) -> str:
    return cell.source.strip().splitlines()[-1]


def namespace_of(path, place):
    """Execute what a page imports before a cell."""
    names = {"__name__": "__main__"}
    for cell in written(path)[: place + 3]:
        if cell.cell_type == "code":
            imports = [
                node
                for node in ast.parse(python_of(cell)).body
                if isinstance(node, (ast.Import, ast.ImportFrom))
            ]
            module = ast.Module(imports, type_ignores=[])
            exec(compile(module, path.name, "exec"), names)
    return names


@every_exercise
def test_the_solution_in_the_page_is_right(path, place, three):
    number = re.match(r"### Exercise (\S+)", three[0].source)[1]
    solution = CHECKERS[number].exercise.help.solution
    names = namespace_of(path, place)
    exec(compile(solution, "<string>", "exec"), names)
    verdict = eval(last_line(three[2]), names)
    assert verdict.solved, verdict
    assert max(map(len, solution.splitlines())) <= 76, "cut off on a phone"


@every_exercise
def test_the_empty_cell_of_the_page_is_not_started(path, place, three):
    names = namespace_of(path, place)
    exec(compile(three[1].source, "<string>", "exec"), names)
    verdict = eval(last_line(three[2]), names)
    assert verdict.state == "not started", verdict


@every_chapter
def test_a_quiz_at_the_end(path):
    heading, quiz, last = written(path)[-3:]
    assert heading.source.startswith("## Quiz")
    assert quiz.source.splitlines() == [
        "from helpers.practice.quiz import show_quiz",
        "",
        f'show_quiz("{path.name[:2]}")',
    ]
    assert tagged(heading, "quiz") and tagged(quiz, "quiz")
    assert "## What you learned" in last.source
    (output,) = quiz.outputs
    assert "✓ Right." in output.data["text/html"]
