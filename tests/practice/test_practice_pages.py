"""The exercises and quizzes as they stand in the pages."""

import ast
import re

import pytest

from helpers.practice.checkers import CHECKERS
from helpers.practice.exercises import all_exercises
from tests.tools import NOTEBOOKS, import_every_checker, python_of, read

import_every_checker()

CHAPTERS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))[1:]
every_chapter = pytest.mark.parametrize(
    "path", CHAPTERS, ids=[path.name for path in CHAPTERS]
)


def tagged(cell, tag):
    return tag in cell.metadata.get("tags", [])


def exercises_of(path):
    """Give number, place, and the four cells of each exercise of a page."""
    cells = read(path).cells
    for place, cell in enumerate(cells):
        found = re.match(r"### Exercise (\S+) · (.+)", cell.source)
        if found and cell.cell_type == "markdown":
            yield found[1], place, cells[place : place + 4]


ALL = [
    pytest.param(path, place, four, id=number)
    for path in CHAPTERS
    for number, place, four in exercises_of(path)
]
every_exercise = pytest.mark.parametrize(("path", "place", "four"), ALL)


def test_every_exercise_is_in_a_page_and_the_other_way_round():
    in_pages = [param.id for param in ALL]
    registered = [n for n in CHECKERS if not n.startswith("C")]
    assert sorted(in_pages) == sorted(registered)


@every_chapter
def test_two_to_four_where_the_idea_is_fresh(path):
    found = [(number, place) for number, place, _ in exercises_of(path)]
    numbers = [number for number, _ in found]
    chapter = path.name[:2]
    assert numbers == [f"{chapter}.{k + 1}" for k in range(len(found))]
    assert 2 <= len(found) <= 4
    # spread over the page: something is told between the first and the last
    assert found[-1][1] - found[0][1] > 4 * (len(found) - 1)
    assert found[-1][1] < len(read(path).cells) - 4


@every_chapter
def test_the_time_at_the_top_counts_the_exercises_in(path):
    first = read(path).cells[0].source
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
def test_an_exercise_is_four_cells(path, place, four):
    statement, stub, check, _below = four
    assert [c.cell_type for c in four] == [
        "markdown", "code", "code", "markdown",
    ]  # fmt: skip
    assert all(tagged(cell, "exercise") for cell in four)
    found = re.match(r"### Exercise (\S+) · (.+)", statement.source)
    number, title = found.groups()
    entry = CHECKERS[number].exercise
    assert title == entry.title
    said = f"*{entry.level.capitalize()}, about {entry.minutes} minutes.*"
    assert said in statement.source
    assert "..." in stub.source and not stub.outputs
    assert re.fullmatch(
        rf"check\.{CHECKERS[number].__name__}\([^()]*\)", check.source.strip()
    )
    (output,) = check.outputs
    assert f"{entry.name}: not started." in output.data["text/plain"]


@every_exercise
def test_hints_one_at_a_time_and_a_solution_folded_away(path, place, four):
    below = four[3].source
    # the second hint lies inside the first
    first, second = (
        below.index(f"<details><summary>Hint {n}</summary>") for n in (1, 2)
    )
    assert "</details>" not in below[first:second]
    assert below.count("<details>") == below.count("</details>")
    assert below.startswith("<details>")
    solution = below.index("<details><summary>A solution</summary>")
    assert below[:solution].count("</details>") >= 2, "a fold of its own"
    # Markdown in a fold needs an empty line around it
    for line in re.findall(r"<details><summary>.*</summary>\n(.*)\n", below):
        assert line == ""


def namespace_of(path, place):
    """Execute what a page imports before a cell."""
    names = {"__name__": "__main__"}
    for cell in read(path).cells[:place]:
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
def test_the_solution_in_the_page_is_right(path, place, four):
    (solution,) = re.findall(r"(?ms)^```python\n(.*?)^```", four[3].source)
    names = namespace_of(path, place)
    exec(compile(solution, "<string>", "exec"), names)
    verdict = eval(four[2].source, names)
    assert verdict.solved, verdict
    assert max(map(len, solution.splitlines())) <= 76, "cut off on a phone"


@every_exercise
def test_the_empty_cell_of_the_page_is_not_started(path, place, four):
    names = namespace_of(path, place)
    exec(compile(four[1].source, "<string>", "exec"), names)
    verdict = eval(four[2].source, names)
    assert verdict.state == "not started", verdict


@every_chapter
def test_a_quiz_at_the_end(path):
    heading, quiz, last = read(path).cells[-3:]
    assert heading.source.startswith("## Quiz")
    assert quiz.source.strip() == f'show_quiz("{path.name[:2]}")'
    assert tagged(heading, "quiz") and tagged(quiz, "quiz")
    assert "## What you learned" in last.source
    (output,) = quiz.outputs
    assert "✓ Right." in output.data["text/html"]
