"""What every page does first, and how it shows errors."""

import sys

import matplotlib
import pytest
import torch
import tqdm.notebook

from helpers.errors import DataError, in_short
from helpers.page import progress_bar
from helpers.page import set_up as set_up_module
from helpers.page.progress_bar import progress
from helpers.page.set_up import set_up


class Shell:
    """Stands for the shell of a page: keeps what it is told to show."""

    def set_custom_exc(self, kinds, handler):
        self.kinds, self.handler = kinds, handler

    def _showtraceback(self, kind, error, lines):
        self.shown = lines


def caught(run) -> BaseException:
    try:
        run()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def cell(source: str, **names):
    """Run source as a cell of a page is run: from a file of ipykernel."""
    exec(compile(source, "/tmp/ipykernel_1/2.py", "exec"), names)


# ------------------------------------------------------------------ errors


def test_the_message_comes_first_and_then_the_lines():
    error = caught(lambda: cell("def f():\n    return 1 / 0\n\nf()"))
    message, empty, *way = in_short(error)
    assert message == "ZeroDivisionError: division by zero"
    assert empty == ""
    assert [line.split(":")[0] for line in way] == [
        "line 4 of the cell",
        "line 2 of a cell",
    ]


def test_torch_is_left_out_and_lines_of_helpers_are_named():
    def run():
        cell("call(None)", call=lambda _: _fail())

    def _fail():
        from helpers.page.colours import see_through

        see_through("#12345z", 1)  # not a number

    lines = in_short(caught(run))
    assert any("of helpers/page/colours.py: " in line for line in lines)
    assert not any("torch" in line for line in lines)

    error = caught(
        lambda: cell("f(x)", f=torch.nn.Linear(3, 2), x=torch.ones(4))
    )
    assert len(in_short(error)) == 3


def test_a_course_error_names_the_line_of_the_page_alone():
    def check():
        raise DataError("It is 3, and should be 4. Count again.")

    lines = caught(lambda: cell("check()", check=check))._render_traceback_()
    assert lines[0] == "DataError: It is 3, and should be 4. Count again."
    assert [line.split(":")[0] for line in lines[2:]] == ["line 1 of the cell"]


def test_long_messages_wrap_between_words():
    words = "word-with-hyphens " * 20 + "x" * 100
    lines = in_short(ValueError(words))
    assert " ".join(lines[:-1]).split() == ["ValueError:", *words.split()]
    assert all(len(line) <= 88 for line in lines if "xxx" not in line)
    assert not any("\x1b" in line for line in lines), "no colours"


def test_causes_notes_and_empty_messages():
    def run():
        try:
            {}["b"]
        except KeyError as error:
            new = ValueError()
            new.add_note("a note")
            raise new from error

    assert in_short(caught(run))[:3] == [
        "ValueError:",
        "a note",
        "because of KeyError: 'b'",
    ]
    assert in_short(ValueError())[0] == "ValueError"


def test_a_way_that_is_long_loses_its_middle():
    source = "def f(n):\n    return f(n - 1) if n else 1 / 0\n\nf(50)"
    lines = in_short(caught(lambda: cell(source)))
    assert len(lines) == 2 + 7 and lines[5] == "..."


def test_a_syntax_error_points_at_its_place():
    error = caught(lambda: cell("x = = 3"))
    assert in_short(error) == [
        "SyntaxError: invalid syntax",
        "",
        "line 1: x = = 3",
        "            ^",
    ]


# ------------------------------------------------------------------ set_up


def test_set_up_prepares_a_page(monkeypatch):
    shell = Shell()
    monkeypatch.setattr(set_up_module, "get_ipython", lambda: shell)
    monkeypatch.delenv("TENSORBOARD_BINARY", raising=False)
    for name in ("last_type", "last_value", "last_traceback"):
        monkeypatch.setattr(sys, name, None, raising=False)
    with matplotlib.rc_context():
        set_up()
    assert torch.get_num_threads() == 1
    assert shell.kinds == (Exception,)
    error = caught(lambda: cell("1 / 0"))
    shell.handler(shell, type(error), error, error.__traceback__, tb_offset=1)
    assert shell.shown == in_short(error)
    assert sys.last_value is error


def test_set_up_outside_a_page(monkeypatch):
    monkeypatch.setattr(set_up_module, "get_ipython", lambda: None)
    with matplotlib.rc_context():
        set_up()


# ------------------------------------------------------------ progress bar


def test_no_bar_where_it_is_off_or_for_one_step(monkeypatch):
    assert progress(range(5)) == range(5)
    monkeypatch.setenv("TQDM_DISABLE", "0")
    assert progress(range(1)) == range(1)


@pytest.mark.parametrize("steps", [range(5), iter([1, 2])])
def test_a_bar_gives_every_step(monkeypatch, steps):
    monkeypatch.delenv("TQDM_DISABLE")
    bar = progress(steps, "epochs")
    assert bar is not steps
    assert len(list(bar)) in (2, 5)


@pytest.mark.parametrize(("delay", "n_shown"), [(60, 0), (1e-9, 1)])
def test_a_failure_shows_no_bar_that_was_not_there(monkeypatch, delay, n_shown):
    """One that fails at once has no empty bar above its error."""
    shown = []
    monkeypatch.setattr(tqdm.notebook, "display", shown.append)
    bar = progress_bar._QuietBar(
        range(5), leave=False, delay=delay, mininterval=0
    )
    with pytest.raises(ValueError):
        for step in bar:
            if step == 3:
                raise ValueError
    bar.close()
    del bar, step
    assert len(shown) == n_shown
