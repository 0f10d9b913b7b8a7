"""Every checker: right answers pass, wrong ones get their own diagnosis."""

import importlib
import random
import re
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.practice import judging
from helpers.practice.checkers import CHECKERS
from helpers.practice.exercises import all_exercises
from tests.answers.common import Answers
from tests.tools import import_every_checker

import_every_checker()
FOLDER = Path(__file__).parents[1] / "answers"
ANSWERS: dict[str, Answers] = {}
for _file in sorted(FOLDER.glob("ch*.py")):
    ANSWERS |= importlib.import_module(f"tests.answers.{_file.stem}").ANSWERS

RIGHT = [(n, s) for n, given in ANSWERS.items() for s in given.right]
WRONG = [(n, d) for n, given in ANSWERS.items() for d in given.wrong]


def passed(answer) -> tuple:
    return answer if isinstance(answer, tuple) else (answer,)


def test_every_exercise_has_its_answers():
    assert set(ANSWERS) == set(CHECKERS)
    for number, given in ANSWERS.items():
        assert len(given.right) >= 3, number
        diagnoses = {name.split(" ")[0] for name in given.wrong}
        assert len(diagnoses) >= 5, number


def state_of_the_world():
    return (
        torch.get_rng_state().tolist(),
        str(np.random.get_state()),
        random.getstate(),
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        torch.get_num_threads(),
        Path.cwd(),
    )


def judge(number, answer):
    """Check an answer; whatever it is, nothing else may change by that."""
    before = state_of_the_world()
    verdict = CHECKERS[number](*passed(answer))
    assert state_of_the_world() == before
    return verdict


@pytest.mark.parametrize(("number", "style"), RIGHT)
def test_right_answers_in_any_style(number, style):
    verdict = judge(number, ANSWERS[number].right[style])
    assert verdict.solved, verdict


@pytest.mark.parametrize(("number", "name"), WRONG)
def test_wrong_answers_get_their_diagnosis(number, name):
    answer = ANSWERS[number].wrong[name]
    verdict = judge(number, answer)
    assert verdict.state == "not yet", verdict
    assert verdict.diagnosis == name.split(" ")[0], verdict
    headings = [heading for heading, text in verdict.parts]
    assert headings[:4] == [
        "Expected", "Found", "Likely cause", "Where to look",
    ]  # fmt: skip
    for _, text in verdict.parts:
        assert text.strip()
        assert text.count("`") % 2 == 0, text
        assert " at 0x" not in text, text
        assert not re.search(r"\{\w+\s+\w+\}", text), text  # not filled in
        assert tempfile.gettempdir() not in text, text
    assert "Traceback" not in str(verdict)


@pytest.mark.parametrize("number", CHECKERS)
def test_the_same_words_again(number):
    """What a checker says is compared in pages, so that it may not vary."""
    for answer in list(ANSWERS[number].wrong.values())[:3]:
        first = CHECKERS[number](*passed(answer))
        torch.rand(3)
        assert str(CHECKERS[number](*passed(answer))) == str(first)


# ------------------------------------------------------ whatever is passed


class Stranger:
    """Fails whatever is done with it."""

    def __getattr__(self, name):
        raise ValueError("no")

    def __len__(self):
        raise ValueError("no")

    def __repr__(self):
        raise ValueError("no")

    def __call__(self, *_, **__):
        raise ValueError("no")


def endless(*_, **__):
    while True:
        pass


def recursive(*_, **__):
    return recursive()


def leaves(*_, **__):
    raise SystemExit(3)


def nests(*_, **__):
    return nests


JUNK = {
    "number": 3,
    "text": "make_line",
    "list": [1, 2],
    "empty list": [],
    "tensor": torch.zeros(3),
    "scalar": torch.tensor(float("nan")),
    "array": np.zeros((2, 2)),
    "type": int,
    "own type": Stranger,
    "stranger": Stranger(),
    "module": torch,
    "layer": torch.nn.Linear(2, 1),
    "generator": (number for number in range(3)),
    "iterator": iter([]),
    "builtin": print,
    "prints": lambda *_, **__: print("here"),
    "nan": lambda *_, **__: float("nan"),
    "itself": nests,
    "recursive": recursive,
    "exit": leaves,
    "argument": lambda *arguments, **_: arguments[0] if arguments else 0,
    "strangers": lambda *_, **__: Stranger(),
}


@pytest.mark.parametrize("number", CHECKERS)
def test_whatever_is_passed_is_answered_in_words(number, monkeypatch):
    monkeypatch.setattr(judging, "SECONDS", 3.0)
    check = CHECKERS[number]
    n_arguments = max(
        (len(passed(a)) for a in ANSWERS[number].right.values()), default=1
    )
    for name, junk in JUNK.items():
        verdict = check(*[junk] * n_arguments)
        assert verdict.state == "not yet", f"{name}: {verdict}"
        assert str(verdict) and verdict._repr_html_()
    assert check().diagnosis == "nothing_passed"
    assert check(*[junk] * 9).state == "not yet"


@pytest.mark.parametrize("number", CHECKERS)
def test_an_endless_answer_is_given_up(number, monkeypatch):
    monkeypatch.setattr(judging, "SECONDS", 0.1)
    right = passed(next(iter(ANSWERS[number].right.values())))
    if not callable(right[0]) or isinstance(right[0], torch.nn.Module):
        pytest.skip("the answer is no function")
    start = time.monotonic()
    verdict = CHECKERS[number](*[endless] * len(right))
    assert time.monotonic() - start < 5
    assert verdict.state == "not yet"
    assert verdict.diagnosis in ("too_slow", "no_class", "wrong_kind"), verdict


@pytest.mark.parametrize("number", CHECKERS)
def test_nothing_written_is_not_started(number):
    check = CHECKERS[number]
    n = max((len(passed(a)) for a in ANSWERS[number].right.values()), default=1)

    def stub(*_): ...

    def says_so():
        """Do nothing yet."""
        raise NotImplementedError

    for nothing in (None, ..., stub, says_so, lambda: None):
        verdict = check(*[nothing] * n)
        assert verdict.state == "not started", verdict


def test_every_file_of_words_has_its_checker_and_the_other_way_round():
    assert sorted(e.number for e in all_exercises()) == sorted(CHECKERS)
    for number, check in CHECKERS.items():
        folder = importlib.import_module(check.__module__.rpartition(".")[0])
        assert getattr(folder, check.__name__) is check, number


def test_the_answer_in_the_readme_is_a_real_one():
    verdict = CHECKERS["01.3"](ANSWERS["01.3"].wrong["no_zero_grad"])
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    quoted = " ".join(readme.replace("\n> ", " ").replace("**", "").split())
    for heading, text in verdict.parts[:3]:
        assert f"{heading}: {text}" in quoted
    assert f"{verdict.name}: not yet." in quoted


def test_names_and_numbers():
    for number, entry in ((e.number, e) for e in all_exercises()):
        assert re.fullmatch(r"(0[1-9]|1\d|C[123])\.([1-9]|1[0-2])", number)
        assert entry.look and entry.title and 1 <= entry.minutes <= 30
    in_order = [e.number for e in all_exercises() if e.page == "C2"]
    assert in_order == [f"C2.{number}" for number in range(1, 11)]
