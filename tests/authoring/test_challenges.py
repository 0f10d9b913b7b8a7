"""A challenge is its solution without the answers, and nothing else."""

import ast
import re

import pytest

from helpers.authoring import make_challenges
from helpers.course import all_pages
from helpers.datasets.rides import HELD_OUT, RIDES, generate_rides, write_rides
from helpers.practice.exercises import all_exercises
from tests.tools import read

N_TASKS = {
    "an_image_classifier": 10,
    "rethinking_the_training_loop": 9,
    "twelve_sick_loops": 12,
}
SOLUTIONS = sorted(make_challenges.FOLDER.glob("[!.]*_solution.ipynb"))
every_solution = pytest.mark.parametrize(
    "path", SOLUTIONS, ids=[path.stem for path in SOLUTIONS]
)


def tags(cell):
    return set(cell.metadata.get("tags", []))


def n_tasks_of(path):
    return N_TASKS[path.stem.removesuffix("_solution")]


def names_in(cell):
    """Give what a cell defines, in order."""
    return [
        getattr(node, "name", None) or ast.unparse(node.targets[0])
        for node in ast.parse(cell.source).body
    ]


def checks_of(page):
    """Give the cells that check an answer."""
    return [
        cell
        for cell in page.cells
        if re.search(
            r"(?m)^check\.(?!summary|tomorrow|alphabet)\w+\(", cell.source
        )
    ]


def test_there_is_a_challenge():
    assert [path.name for path in SOLUTIONS] == [
        "an_image_classifier_solution.ipynb",
        "rethinking_the_training_loop_solution.ipynb",
        "twelve_sick_loops_solution.ipynb",
    ]


@every_solution
def test_the_challenge_is_what_its_solution_makes(path):
    """`make challenges` mends a difference."""
    made = make_challenges.make_challenge(read(path), path.name)
    stored = read(make_challenges.challenge_path(path))
    assert [(c.cell_type, c.id, c.source, tags(c)) for c in stored.cells] == [
        (c.cell_type, c.id, c.source, tags(c)) for c in made.cells
    ]


@every_solution
def test_no_answer_is_left_in_the_challenge(path):
    solution, challenge = read(path), read(make_challenges.challenge_path(path))
    answers = [cell for cell in solution.cells if "task" in tags(cell)]
    stubs = [cell for cell in challenge.cells if "task" in tags(cell)]
    assert len(answers) == len(stubs) == n_tasks_of(path)
    for answer, stub in zip(answers, stubs, strict=True):
        assert "..." in stub.source
        for node in ast.walk(ast.parse(stub.source)):
            assert not isinstance(node, (ast.Return, ast.For))
            if isinstance(node, ast.Assign):
                assert ast.unparse(node.value) == "..."
        assert names_in(answer) == names_in(stub)
    assert not any("reasons" in tags(cell) for cell in challenge.cells)


@every_solution
def test_unsolved_it_says_so_and_solved_it_shows_every_task(path):
    solution, challenge = read(path), read(make_challenges.challenge_path(path))
    for page, state in ((solution, "solved"), (challenge, "not started")):
        checks = checks_of(page)
        assert len(checks) == n_tasks_of(path)
        for cell in checks:
            (output,) = cell.outputs
            assert f": {state}." in output.data["text/plain"]
    summaries = [
        cell.outputs[0].data["text/plain"]
        for page in (challenge, solution)
        for cell in page.cells
        if cell.source.endswith("\ncheck.summary()")
    ]
    n = n_tasks_of(path)
    assert f"0 of {n} tasks are solved." in summaries[0]
    assert f"{n} of {n} tasks are solved." in summaries[1]


@every_solution
def test_statements_agree_with_the_checkers(path):
    text = "\n".join(cell.source for cell in read(path).cells)
    challenge = make_challenges.challenge_path(path)
    key = next(page.key for page in all_pages() if page.path == challenge)
    tasks = [entry for entry in all_exercises() if entry.page == key]
    assert len(tasks) == n_tasks_of(path)
    for entry in tasks:
        said = (
            f"## Task {entry.number} · {entry.title}\n\n"
            f"*{entry.level.capitalize()}, about {entry.minutes} minutes.*"
        )
        assert said in text
        assert f"check.{entry.path.stem}(" in text


@every_solution
def test_only_the_checker_sees_what_was_held_out(path):
    code = [c.source for c in read(path).cells if c.cell_type == "code"]
    assert not any("held_out" in source.lower() for source in code)


def test_signatures_are_kept_and_answers_are_not():
    source = '''import math
from torch import nn

SIZE = 16


def long(
    a,
    b=None,
):
    """Tell."""
    return a


class Data(nn.Module):
    size = 3

    def __init__(self, path):
        self.path = path

    def __len__(self):
        return 3


print(SIZE)
'''
    assert make_challenges.without_answers(source) == (
        "import math\n\n\nfrom torch import nn\n\n\nSIZE = ...\n\n\n"
        "def long(\n    a,\n    b=None,\n):\n    # your code\n    ...\n\n\n"
        "class Data(nn.Module):\n    def __init__(self, path):\n"
        "        # your code\n        ...\n\n"
        "    def __len__(self):\n        # your code\n        ..."
    )


def test_the_rides_are_those_of_the_generator(tmp_path):
    for rides, file in zip(generate_rides(), (RIDES, HELD_OUT), strict=True):
        write_rides(rides, tmp_path / "again.csv")
        assert (tmp_path / "again.csv").read_bytes() == file.read_bytes()
