"""Throughput: measured in one run, and predicted from its parts."""

import pytest

from helpers.measuring import throughput
from helpers.measuring.throughput import (
    as_table,
    between,
    measure_throughput,
    read_measurement,
)
from helpers.processes.starting import Heard, WorkerError

FOUND = {
    "n_parameters": 1_000,
    "steps": [
        {"rows": 64, "n_processes": 1, "seconds": [8.0, 10.0, 12.0]},
        {"rows": 64, "n_processes": 2, "seconds": [5.0, 5.0, 6.0]},
    ],
    "alone": [
        {"rows": 64, "n_processes": 1, "seconds": [9.0, 10.0, 11.0]},
        {"rows": 32, "n_processes": 1, "seconds": [5.0]},
        {"rows": 32, "n_processes": 2, "seconds": [5.5]},
    ],
    "exchanges": [
        {"n_processes": 2, "numbers": 1, "seconds": [0.2]},
        {"n_processes": 2, "numbers": 2_001, "seconds": [2.2]},
    ],
}


def test_speedups_are_ratios_within_a_round():
    measured = read_measurement(FOUND, n_cores=2)
    two = measured.of(64, 2)
    assert two.speedups == [1.6, 2.0, 2.0] and two.speedup == 2.0
    assert two.spread == (1.8, 2.0)
    assert two.rows_per_second == 64 / 5
    assert measured.of(64, 1).speedups == [1.0] * 3


def test_a_prediction_is_arithmetic_and_exchange():
    measured = read_measurement(FOUND, n_cores=2)
    # 0.2 s + 999 of 2,000 numbers at 1 ms each
    assert measured.exchange(2) == pytest.approx(0.2 + 0.999)
    assert measured.of(64, 2).predicted == pytest.approx(5.5 + 1.199)
    assert measured.of(64, 1).predicted == 10.0
    # with a core for each, what one process takes when it is alone
    assert measured.predict(64, 2, n_cores=8) == pytest.approx(5.0 + 1.199)
    # more processes than cores take turns
    assert measured.arithmetic(32, 4) == 2 * 5.0
    # a ring of 4: 6 turns of 0.1 s; 2 * 3 / 4 of the gradient
    assert measured.exchange(4) == pytest.approx(0.6 + 1.5 * 0.999)
    assert "2.00 (1.80 to 2.00)" in as_table(measured)


def test_between_and_beyond():
    assert between({1: 2.0, 3: 4.0}, 2) == 3.0
    assert between({1: 2.0, 3: 4.0}, 5) == 6.0
    assert between({1: 2.0, 3: 4.0}, 0.5) == 2.0
    assert between({4: 2.0}, 9) == 2.0


def test_two_processes_are_measured_against_one():
    measured = measure_throughput(
        (8,), (2,), image_size=8, n_rounds=2, n_steps=1
    )
    assert [(s.rows, s.n_processes) for s in measured.steps] == [(8, 1), (8, 2)]
    assert all(len(s.seconds) == 2 for s in measured.steps)
    assert all(min(s.seconds) > 0 and s.predicted > 0 for s in measured.steps)
    assert measured.n_parameters == 15_466
    assert set(measured.step_seconds[1]) == {4, 8}


def test_a_process_that_fails_is_told(monkeypatch):
    failed = Heard(status=1, failed=1, errors={1: ["MemoryError"]})
    monkeypatch.setattr(throughput, "run_processes", lambda *_, **__: failed)
    with pytest.raises(WorkerError, match="Process 1 could not measure: Mem"):
        measure_throughput()
