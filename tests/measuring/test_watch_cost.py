"""What a watch costs: which steps are compared, and that both loops train."""

import pytest

from helpers.clinic import watch
from helpers.clinic.watching import is_looked_at
from helpers.measuring import watch_cost


def test_looks_and_other_steps_are_compared_with_plain_ones(monkeypatch):
    def seconds(way, n_steps):
        if way is not watch:
            return [9.0] * 10 + [2.0] * (n_steps - 10)
        return [
            50.0 if step < 10 else 6.0 if is_looked_at(step) else 3.0
            for step in range(n_steps)
        ]

    monkeypatch.setattr(watch_cost, "_seconds_of_steps", seconds)
    assert watch_cost.measure_watch_cost(2, 60) == (1.5, 3.0)


@pytest.mark.parametrize("way", [watch, watch_cost._nothing])
def test_every_step_is_timed(way):
    seconds = watch_cost._seconds_of_steps(way, 12)
    assert len(seconds) == 12 and min(seconds) > 0
