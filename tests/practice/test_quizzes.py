"""The quizzes: their files, their right answers, and how they behave."""

import contextlib
import io
import linecache
import re
import warnings

import ipywidgets
import pytest

from helpers.errors import DataError
from helpers.page.markdown import as_html
from helpers.practice import progress_file, quiz
from helpers.practice.quiz import questions, show, stored
from helpers.practice.quiz.live import LiveQuiz

CHAPTERS = [f"{number:02d}" for number in range(1, 20)]
LARGE = ["after_04", "after_10"]
NAMES = sorted(path.stem for path in quiz.QUIZZES.glob("*.toml"))
QUESTIONS = [
    pytest.param(question, id=f"{name}-{question.key}")
    for name in NAMES
    for question in quiz.load_quiz(name).questions
]
every_quiz = pytest.mark.parametrize("name", NAMES)
every_question = pytest.mark.parametrize("question", QUESTIONS)


@pytest.fixture(autouse=True)
def nothing_solved(monkeypatch):
    monkeypatch.setattr(progress_file, "_now", set())


def test_a_quiz_for_every_chapter_and_two_larger_ones():
    assert NAMES == CHAPTERS + LARGE
    for name in NAMES:
        n = len(quiz.load_quiz(name).questions)
        assert n == 10 if name in LARGE else n >= 3


@every_question
def test_every_option_has_a_reason_and_can_be_told_apart(question):
    texts = [option.text for option in question.options]
    assert 2 <= len(texts) <= 5
    assert len(set(texts)) == len(texts)
    for option in question.options:
        assert len(option.reason.split()) >= 5, option
        assert "<" not in stored.plain(option.text)
        assert len(stored.plain(option.text)) <= 160, option.text
        assert "\n\n" not in option.reason.strip()
    assert "](http" not in question.text, "a quiz works offline"
    assert "![" not in question.text


@every_quiz
def test_the_right_option_is_not_always_at_the_same_place(name):
    places = {
        [option.right for option in question.options].index(True)
        for question in quiz.load_quiz(name).questions
    }
    assert len(places) >= 2


def output_of(code: str) -> str:
    """Run code, and return what it prints; an error prints its name."""
    out = io.StringIO()
    # inspect.getsource works in a page, so that it has to work here
    name = f"<quiz {id(code)}>"
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    try:
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own deprecations
            exec(compile(code, name, "exec"), {"__name__": "__main__"})
    except Exception as error:
        print(type(error).__name__, file=out)
    return out.getvalue().strip()


@every_question
def test_what_code_can_decide_is_decided_by_code(
    question, monkeypatch, tmp_path
):
    prints = [option.prints.strip() for option in question.options]
    if not any(prints):
        assert not question.decided_by, "code that no option is compared with"
        pytest.skip("no code decides this question")
    assert all(prints) and len(set(prints)) == len(prints)
    assert question.code, "options say what is printed, and there is no code"
    monkeypatch.chdir(tmp_path)
    (right,) = (o.prints.strip() for o in question.options if o.right)
    assert output_of(question.code) == right


def test_most_answers_are_decided_by_code():
    decided = [q.values[0] for q in QUESTIONS if q.values[0].options[0].prints]
    assert len(decided) >= 0.6 * len(QUESTIONS)


# ------------------------------------------------------------ in the page


def options_of(box):
    """Return the buttons of a live question, and below each its reason."""
    _text, *rows = box.children
    return list(zip(rows[::2], rows[1::2], strict=True))


@every_quiz
def test_each_question_answers_with_the_reason_of_the_option(name):
    about = quiz.load_quiz(name)
    live = LiveQuiz(about)
    assert len(live.questions) == len(about.questions)
    for box, question in zip(live.questions, about.questions, strict=True):
        pairs = options_of(box)
        assert len(pairs) == len(question.options)
        rows = zip("ABCDE", pairs, question.options, strict=False)
        for letter, (button, reason), option in rows:
            # a button each: the keyboard reaches every one of them
            assert isinstance(button, ipywidgets.Button)
            shown = f"{letter}. {stored.plain(option.text)}"
            assert button.description == shown
            assert not reason.value
            button.click()
            assert as_html(option.reason) in reason.value
            assert ("✓ Right.<" in reason.value) == option.right
            assert ("✗ No.<" in reason.value) == (not option.right)
        key = f"quiz {name}/{question.key}"
        assert key in progress_file.solved()[0]
    n = len(about.questions)
    score = live.score.value
    assert f"{n} of {n}" in score and "all of them" in score


def test_the_score_counts_first_tries():
    about = quiz.load_quiz("01")
    live = LiveQuiz(about)
    assert not live.score.value
    for number, question in enumerate(about.questions):
        pairs = options_of(live.questions[number])
        right = [option.right for option in question.options].index(True)
        if number == 0:  # a wrong one first
            pairs[right - 1][0].click()
        pairs[right][0].click()
        pairs[right][0].click()  # again: it counts once
    n = len(about.questions)
    assert f"{n} of {n} answered, {n - 1} at the first try" in live.score.value


def test_answers_are_remembered_when_the_cell_runs_again():
    about = quiz.load_quiz("01")
    question = about.questions[1]
    progress_file.note_solved(f"quiz 01/{question.key}")
    live = LiveQuiz(about)
    shown = [
        (option.right, bool(reason.value))
        for (_, reason), option in zip(
            options_of(live.questions[1]), question.options, strict=True
        )
    ]
    assert all(right == open_ for right, open_ in shown)
    assert not any(r.value for _, r in options_of(live.questions[0]))
    assert "1 of 4 answered." in live.score.value


@every_quiz
def test_readable_where_no_kernel_runs(name):
    about = quiz.load_quiz(name)
    shown = stored.as_stored_html(about)
    for question in about.questions:
        for option in question.options:
            assert as_html(option.text) in shown
            assert as_html(option.reason) in shown
    assert shown.count("✓ Right.") == len(about.questions)
    n_options = sum(len(question.options) for question in about.questions)
    # each option opens on its own; nothing is given away before
    assert shown.count("<details ") == shown.count("</details>") == n_options
    assert " open" not in re.sub(r">[^<]*<", "><", shown)
    assert "<script" not in shown and "<style" not in shown


def test_a_live_quiz_is_a_widget_with_its_stored_form_beside_it(monkeypatch):
    shown = []
    monkeypatch.setattr(show, "display", lambda data, raw: shown.append(data))
    quiz.show_quiz("01")
    assert set(shown[0]) == {
        "application/vnd.jupyter.widget-view+json",
        "text/html",
        "text/plain",
    }


def test_text_is_no_html():
    """What a question says about tags is shown, not obeyed."""
    assert as_html("a `<b>` and <b>") == (
        "a <code>&lt;b&gt;</code> and &lt;b&gt;"
    )


# ----------------------------------------------------------- edited files

GOOD = """
title = "T"
[[question]]
key = "k"
text = "t"
[[question.option]]
text = "a"
reason = "r"
right = true
[[question.option]]
text = "b"
reason = "r"
"""


def load(tmp_path, monkeypatch, text):
    monkeypatch.setattr(questions, "QUIZZES", tmp_path)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    return quiz.load_quiz("mine")


def test_a_good_file_loads(tmp_path, monkeypatch):
    assert load(tmp_path, monkeypatch, GOOD).questions[0].options[0].right


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("right = true", ""), "0 of them right"),
        (('text = "b"', 'text = "b"\nright = true'), "2 of them right"),
        (('reason = "r"\nright', "right"), "question 1"),
        (('key = "k"', ""), "question 1"),
        (('title = "T"', ""), "needs a title"),
        (('title = "T"', "title = "), "cannot be read"),
        (("right = true", "rihgt = true"), "question 1"),
        (("[[question]]", "[[questions]]"), "mine.toml"),
        (("[[question.option]]", "[[option]]"), "question 1"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path, monkeypatch, change, said):
    with pytest.raises(DataError, match=said):
        load(tmp_path, monkeypatch, GOOD.replace(*change))


def test_an_unknown_quiz_names_those_there_are():
    with pytest.raises(DataError, match="There are: 01"):
        quiz.load_quiz("1")
