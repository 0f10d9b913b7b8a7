"""Looking at an answer leaves everything as it was, whatever it does."""

import _thread
import functools
import logging
import os
import random
import sys
import tempfile
import threading
import time

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from helpers.practice import judging, process_state, progress_file, sandbox
from helpers.practice.checkers import CHECKERS, register
from helpers.practice.exercises import Exercise
from helpers.practice.unfinished import (
    is_unfinished,
    unfinished_helpers,
    unfinished_parts,
)


@pytest.fixture
def check(monkeypatch):
    """A checker that calls the answer once, and finds nothing wrong."""
    monkeypatch.setattr(progress_file, "note", lambda entry, verdict: verdict)

    def call_it(answer):
        answer()

    yield register(Exercise("99.9", "Test", 1, "easy", None, None), call_it)
    del CHECKERS["99.9"]


# ------------------------------------------------- what an answer can reach

model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
generator = torch.Generator().manual_seed(3)
loader = DataLoader(
    TensorDataset(torch.arange(8.0)), 2, shuffle=True, generator=generator
)
losses, settings, names = [1.0], {"lr": 0.1}, {"a"}
points = np.arange(4.0)
drawn = np.random.RandomState(1)
counter = 0


class Kept:
    shared = [1]  # noqa: RUF012
    limit = 3

    def __init__(self):
        self.items = [1, 2]


kept = Kept()


def snapshot():
    """All of the above, as values that can be compared."""
    return (
        [p.tolist() for p in model.state_dict().values()],
        [
            None if p.grad is None else p.grad.tolist()
            for p in model.parameters()
        ],
        [p.requires_grad for p in model.parameters()],
        [m.training for m in model.modules()],
        str(optimizer.state_dict()),
        generator.get_state().tolist(),
        losses[:],
        dict(settings),
        set(names),
        points.tolist(),
        str(drawn.get_state()),
        counter,
        (Kept.shared[:], Kept.limit, sorted(vars(kept)), kept.items[:]),
        sorted(globals()),
    )


def trains_the_page():
    x, y = torch.rand(4, 2), torch.rand(4, 1)
    model.train()
    ((model(x) - y) ** 2).mean().backward()
    optimizer.step()


def leaves_gradients():
    model(torch.rand(4, 2)).sum().backward()


def freezes():
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    model.eval()


def writes_through():
    with torch.no_grad():
        model[0].weight.zero_()
    points[:] = 7
    losses.append(2.0)
    losses[0] = 5
    settings["lr"] = 1
    settings["new"] = 1
    names.add("b")


def draws():
    list(loader)
    drawn.rand(3)
    torch.rand(2)
    np.random.rand(2)
    random.random()


def rebinds():
    global counter, losses, new_name
    counter += 1
    losses = []
    new_name = 1


def changes_classes_and_objects():
    Kept.shared.append(2)
    Kept.limit = 9
    kept.items.clear()
    kept.more = 1


def changes_the_world():
    os.chdir("/")
    plt.plot([1, 2])
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(1)


def then_fails():
    writes_through()
    raise ValueError("after the damage")


def then_never_ends():
    writes_through()
    trains_the_page()
    while True:
        pass


DAMAGE = [
    trains_the_page,
    leaves_gradients,
    freezes,
    writes_through,
    draws,
    rebinds,
    changes_classes_and_objects,
    changes_the_world,
    then_fails,
    then_never_ends,
]


@pytest.mark.parametrize("answer", DAMAGE)
@pytest.mark.parametrize(
    "wrap", [lambda f: f, functools.partial, lambda f: lambda: f()]
)
def test_everything_is_put_back(check, answer, wrap, monkeypatch):
    monkeypatch.setattr(judging, "SECONDS", 0.5)
    before = snapshot(), os.getcwd(), torch.get_default_dtype()
    figures, n_threads = plt.get_fignums(), torch.get_num_threads()
    world = torch.get_rng_state(), str(np.random.get_state()), random.getstate()
    check(wrap(answer))
    assert (snapshot(), os.getcwd(), torch.get_default_dtype()) == before
    assert plt.get_fignums() == figures
    assert torch.get_num_threads() == n_threads
    assert torch.equal(torch.get_rng_state(), world[0])
    assert (str(np.random.get_state()), random.getstate()) == world[1:]


def test_what_is_kept_in_a_closure_is_put_back(check):
    count, seen = 0, []

    def answer():
        nonlocal count
        count += 1
        seen.append(count)

    check(answer)
    assert (count, seen) == (0, [])


def test_what_is_passed_is_put_back(check):
    class Callable:
        def __init__(self):
            self.calls = 0
            self.weights = torch.zeros(3)

        def __call__(self):
            self.calls += 1
            self.weights += 1

    answer = Callable()
    check(answer)
    check(answer.__call__)
    assert answer.calls == 0 and answer.weights.sum() == 0


def test_printed_text_and_warnings_are_kept_from_the_page(check, capsys):
    def answer():
        print("printed")
        print("to stderr", file=sys.stderr)

    check(answer)
    assert capsys.readouterr() == ("", "")


def test_what_was_printed_is_told_when_something_is_wrong(check):
    def answer():
        print("x is", 3)
        raise ValueError("no")

    verdict = check(answer)
    assert ("Your code printed", "`x is 3`") in verdict.parts


# ------------------------------------------------------------- time limit


def test_a_result_an_error_and_the_end_of_the_time_come_through():
    assert sandbox.run_with_limit(lambda: 3, 5) == 3
    with pytest.raises(ZeroDivisionError):
        sandbox.run_with_limit(lambda: 1 / 0, 5)
    with pytest.raises(sandbox.TimeUp):
        sandbox.run_with_limit(lambda: time.sleep(60), 0.1)


def test_a_loop_that_was_given_up_ends():
    ticks = []

    def endless():
        while True:
            ticks.append(time.sleep(0.001))

    before = threading.active_count()
    with pytest.raises(sandbox.TimeUp):
        sandbox.run_with_limit(endless, 0.2)
    assert threading.active_count() == before
    n = len(ticks)
    time.sleep(0.05)
    assert len(ticks) == n


def test_a_loop_that_catches_everything_is_left_behind():
    go_on = [True]

    def stubborn():
        while go_on:
            try:  # noqa: SIM105
                time.sleep(0.01)
            except:  # noqa: E722
                pass

    start = time.monotonic()
    with pytest.raises(sandbox.TimeUp):
        sandbox.run_with_limit(stubborn, 0.1)
    assert time.monotonic() - start < 5
    go_on.clear()


def test_ctrl_c_stops_the_check_and_puts_back(check):
    def waits():
        losses.append(3.0)
        while True:
            time.sleep(0.01)

    threading.Timer(0.4, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        check(waits)
    assert losses == [1.0]


# ------------------------------------------------------------- unfinished


def empty(): ...


def documented():
    """Do it."""


def documented_and_empty():
    """Do it."""
    ...


def passes():
    pass


def raises():
    raise NotImplementedError("later")


def hands_out_nothing(model):
    def inner(x, y): ...

    return inner


def has_a_gap(x):
    total = ...
    return total


def calls_with_a_gap(x):
    return torch.add(x, ...)


class Empty:
    def one(self): ...

    def two(self):
        pass


@pytest.mark.parametrize(
    "nothing",
    [
        None, ..., "", " ... ", [1, ...], (..., 2), {"a": ...}, empty,
        documented, documented_and_empty, passes, raises, hands_out_nothing,
        has_a_gap, calls_with_a_gap, Empty, functools.partial(empty),
        lambda x: ..., lambda: None, Empty().one,
    ],
)  # fmt: skip
def test_nothing_written_yet(nothing):
    assert is_unfinished(nothing)


def does_something(x):
    return x


def uses_an_ellipsis(x):
    return x[..., 0]


def swallows(x):
    try:
        return x + 1
    except TypeError:
        ...


def returns_a_constant():
    return 3


class HalfWritten(Empty):
    def one(self):
        return 1

    def three(self): ...


class Inherits(Kept):
    pass


@pytest.mark.parametrize(
    "something",
    [
        0, False, [], {}, "name", 3.0, torch.zeros(2), does_something,
        uses_an_ellipsis, swallows, returns_a_constant, print, HalfWritten,
        Inherits, nn.Linear, nn.Linear(1, 1), lambda x: x, lambda: 0,
        functools.partial(does_something, 1), np.zeros(2),
    ],
)  # fmt: skip
def test_something_written(something):
    assert not is_unfinished(something)


def test_methods_left_for_later_are_named():
    assert unfinished_parts(HalfWritten) == ["three"]
    assert unfinished_parts(does_something) == []


def part_of_the_page(x): ...


def uses_a_part(x):
    return [part_of_the_page(value) for value in x]


def test_what_an_answer_needs_and_is_not_there_is_named(check):
    assert unfinished_helpers(uses_a_part) == ["part_of_the_page"]
    assert unfinished_helpers(does_something) == []

    verdict = check(fails_with_a_part)
    assert verdict.diagnosis == "needs_other"
    assert "`part_of_the_page`, which it uses, is still `...`" in str(verdict)


def fails_with_a_part():
    return 1 / part_of_the_page(0)


def test_functions_without_source_are_judged_by_what_they_do():
    names = {}
    exec("def nothing(a, b): ...\ndef adds(a, b): return a + b", names)
    assert is_unfinished(names["nothing"])
    assert not is_unfinished(names["adds"])


# --------------------------------------------------- settings of the process


def _anomaly():
    torch.autograd.set_detect_anomaly(True)


SETTERS = {
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "threads": lambda: torch.set_num_threads(2),
    "deterministic": lambda: torch.use_deterministic_algorithms(True),
    "anomaly mode": _anomaly,
    "print options": lambda: torch.set_printoptions(precision=2),
    "NumPy's print options": lambda: np.set_printoptions(precision=2),
    "NumPy's errors": lambda: np.seterr(all="raise"),
    "figure style": lambda: plt.rcParams.update({"lines.linewidth": 9}),
    "logging": lambda: logging.root.setLevel(logging.CRITICAL),
    "environment": lambda: os.environ.update(COURSE_PROBE="1"),
    "folder": lambda: os.chdir(tempfile.gettempdir()),
}


def test_every_setting_has_a_probe():
    assert set(SETTERS) == set(process_state.SETTINGS)


@pytest.mark.parametrize("name", SETTERS)
def test_settings_of_the_process_are_put_back(check, name):
    read, _ = process_state.SETTINGS[name]
    before = read()
    assert check(SETTERS[name]).solved
    assert read() == before


@pytest.mark.parametrize("name", SETTERS)
def test_the_probes_really_change_the_settings(name):
    read, write = process_state.SETTINGS[name]
    before = read()
    SETTERS[name]()
    try:
        assert read() != before
    finally:
        write(before)
