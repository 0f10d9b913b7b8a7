"""Interleaved rounds, ratios and their spread."""

import time

from helpers.measuring.timing import (
    Spread,
    interleave,
    ratios,
    seconds_per_call,
    spread,
)


def test_a_spread_is_the_median_between_the_quartiles():
    assert spread([5.0, 1.0, 3.0, 2.0, 4.0]) == Spread(3.0, 2.0, 4.0)
    assert spread([7.0]) == Spread(7.0, 7.0, 7.0)
    assert Spread(2.0, 1.5, 2.5).width == 0.5


def test_rounds_go_forwards_and_backwards_and_the_first_warms_up():
    calls = []
    runs = {name: lambda name=name: calls.append(name) for name in "abc"}
    seconds = interleave(runs, n_rounds=2)
    assert "".join(calls) in ("abccbaabc", "cbaabccba")
    assert {name: len(values) for name, values in seconds.items()} == {
        "a": 2,
        "b": 2,
        "c": 2,
    }


def test_the_clock_runs_while_the_work_is_done():
    def work():
        time.sleep(0.01)

    (first, second) = interleave({"work": work}, n_rounds=2)["work"]
    assert min(first, second) >= 0.01
    # of one call, whatever the number of calls
    assert 0.01 <= seconds_per_call(work, n_calls=50, n_rounds=1) < 0.3


def test_a_slow_moment_of_the_machine_slows_both_sides_of_a_ratio():
    seconds = {"plain": [1.0, 10.0, 1.0], "mine": [0.5, 5.0, 0.5]}
    assert ratios(seconds, "plain") == {
        "plain": Spread(1.0, 1.0, 1.0),
        "mine": Spread(0.5, 0.5, 0.5),
    }
