"""What a watch costs: which steps are compared, and that both loops train."""

import pytest

from helpers.clinic.plan import is_looked_at
from helpers.measuring import watch_cost


def test_looks_and_other_steps_are_compared_with_plain_ones():
    plain = [9.0] * 10 + [2.0] * 54
    watched = [
        50.0 if step < 10 else 6.0 if is_looked_at(step) else 3.0
        for step in range(64)
    ]
    assert watch_cost._cost(plain, watched) == (1.5, 3.0)


@pytest.mark.parametrize("offset", [-1, 1, 2, 3])
def test_what_the_steps_next_to_a_look_take_longer_counts_to_it(offset):
    watched = [
        6.0 if is_looked_at(step) else 3.0 + 0.5 * is_looked_at(step - offset)
        for step in range(64)
    ]
    assert watch_cost._cost([2.0] * 64, watched) == (1.5, 3.25)


def test_a_step_further_away_does_not():
    watched = [
        6.0 if is_looked_at(step) else 3.0 + 0.5 * is_looked_at(step - 4)
        for step in range(64)
    ]
    assert watch_cost._cost([2.0] * 64, watched) == (1.5, 3.0)


def test_all_steps_together_are_weighed_by_how_many_are_looked_at():
    n_looks = sum(map(is_looked_at, range(10, 1000)))
    assert 0 < n_looks < 20
    cost = watch_cost.WatchCost(between=1.0, look=2.0)
    assert cost.overall == pytest.approx(1 + n_looks / 990)


def test_a_machine_that_turns_slower_changes_no_ratio(monkeypatch):
    """Every round is slower than the one before; the ratios stay."""
    runs = []

    def seconds(way, _configuration, _batches, n_steps):
        slowness = 1 + len(runs) // 2
        runs.append(way)
        factor = 1.0 if isinstance(way, str) else 1.25
        return [slowness * factor] * n_steps

    monkeypatch.setattr(watch_cost, "_seconds_of_steps", seconds)
    monkeypatch.setattr(watch_cost, "_without", lambda _: "without")
    monkeypatch.setattr(watch_cost, "WARM_UP", 0)
    # the warm-up takes a run of its own, so the pairs begin one later
    runs.append(None)
    assert watch_cost.measure_watch_cost(5, 64) == (1.25, 1.25)
    ways = [isinstance(way, str) for way in runs[2:]]
    assert ways == [False, True, True, False] * 2 + [False, True]


@pytest.mark.parametrize("way", ["_without", "_under_watch"])
def test_every_step_is_timed(way):
    configuration, batches = watch_cost._training()
    managed = getattr(watch_cost, way)(configuration)
    seconds = watch_cost._seconds_of_steps(managed, configuration, batches, 12)
    assert len(seconds) == 12 and min(seconds) > 0
