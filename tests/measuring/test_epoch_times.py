"""The teaching versions beside their plain loops, in a short form."""

import pytest
import torch

from helpers.measuring import epoch_times
from helpers.measuring.epoch_times import (
    Loop,
    format_versions,
    judge_versions,
    measure_versions,
    ratios_to_plain,
)
from helpers.measuring.speeds import (
    KEPT,
    MISSED,
    TEACHING_LIMIT,
    UNDECIDED,
)


@pytest.fixture(scope="module")
def loops(tmp_path_factory):
    return epoch_times.list_loops(tmp_path_factory.mktemp("bench"))


def run(loop, n_epochs=3):
    torch.manual_seed(0)
    configuration = loop.configure()
    result = loop.train(
        configuration, *loop.data, n_epochs=n_epochs, **loop.options
    )
    return configuration, result


def test_every_loop_is_compared_with_a_plain_one(loops):
    names = [loop.name for loop in loops]
    assert len(set(names)) == len(names)
    plain = {loop.plain for loop in loops}
    assert plain == {name for name in names if name.startswith("plain")}
    assert {f"v{number}" for number in range(8)} <= set(names)


def test_every_loop_trains_for_as_many_epochs_as_it_is_told(loops):
    for loop in loops:
        before = loop.configure().model.state_dict()
        configuration, result = run(loop)
        after = configuration.model.state_dict()
        assert not all(
            torch.equal(before[name], after[name]) for name in after
        ), loop.name
        if isinstance(result, tuple):
            result = result[0]
        if isinstance(result, list):  # v0 returns its last loss alone
            assert len(result) == 3, loop.name


def test_a_plain_loop_does_the_same_work_as_its_versions(loops):
    by_name = {loop.name: loop for loop in loops}
    expected, _ = run(by_name["plain full batch"])
    for name in ("v0", "v1"):
        found, _ = run(by_name[name])
        for a, b in zip(
            expected.model.parameters(), found.model.parameters(), strict=True
        ):
            assert torch.allclose(a, b), name


def test_plain_validation_validates(loops):
    _, (losses, val_losses) = run(
        next(loop for loop in loops if loop.name == "plain validation"), 20
    )
    assert losses[-1] < losses[0]
    assert val_losses[-1] < val_losses[0]
    assert len(losses) == len(val_losses) == 20


def test_a_ratio_is_the_median_over_the_rounds():
    def loop(name):
        return Loop(name, "plain", "", max, max, ())

    loops = [loop("plain"), loop("v")]
    seconds = {"plain": [1.0, 2.0, 4.0], "v": [3.0, 2.0, 8.0]}
    found = ratios_to_plain(loops, seconds)
    assert {n: value.median for n, value in found.items()} == {
        "plain": 1.0,
        "v": 2.0,
    }


def test_every_round_has_a_new_model_and_the_first_only_warms_up():
    calls = []

    def train(configuration, data, n_epochs):
        calls.append((configuration, data, n_epochs))

    loops = [Loop("plain", "plain", "", train, list, ("data",))]
    seconds = epoch_times.measure(loops, n_rounds=2, n_epochs=4)
    assert calls == [([], "data", 4)] * 3
    assert calls[0][0] is not calls[1][0]
    assert len(seconds["plain"]) == 2
    assert all(0 <= second < 1 for second in seconds["plain"])


def row(ratio, is_limited=True):
    return {"name": "v6", "is_limited": is_limited, "ratio": ratio}


SLOW = TEACHING_LIMIT + 0.02


@pytest.mark.parametrize(
    ("judged", "status", "said"),
    [
        (row([TEACHING_LIMIT, 1.1, 1.2]), KEPT, ""),
        (row([SLOW, SLOW, SLOW]), MISSED, "v6 takes 1.17 times"),
        (row([SLOW, 1.0, 1.5]), UNDECIDED, "The machine was busy"),
        (row([9.0, 9.0, 9.0], is_limited=False), KEPT, ""),
    ],
)
def test_a_version_has_a_limit(judged, status, said):
    found, sentences = judge_versions([judged])
    assert found == status
    assert said in " ".join(sentences)
    assert bool(sentences) == bool(said)


def test_the_worst_verdict_counts():
    slow, busy = row([SLOW] * 3), row([SLOW, 1.0, 1.5])
    assert judge_versions([slow, busy])[0] == MISSED
    assert judge_versions([busy, slow])[0] == MISSED


def test_the_table_has_a_line_per_loop(loops):
    rows = measure_versions(n_rounds=1, n_epochs=1)
    assert [row["name"] for row in rows] == [loop.name for loop in loops]
    assert [row["name"] for row in rows if not row["is_limited"]] == [
        "v5, logging",
        "v6, logging",
    ]
    header, *lines = format_versions(rows).splitlines()
    assert "ratio" in header
    for line, loop in zip(lines, loops, strict=True):
        assert line.startswith(loop.name)
        assert line.endswith(loop.work)
