"""The table of `make bench`, in a short form."""

import pytest
import torch

from helpers.measuring import epoch_times
from helpers.measuring.epoch_times import LIMIT, Loop, judge, main, ratios


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
    assert {f"v{number}" for number in range(7)} <= set(names)


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
    assert ratios(loops, seconds) == {"plain": 1.0, "v": 2.0}


def test_the_first_round_only_warms_up():
    calls = []

    def train(configuration, data, n_epochs):
        calls.append((configuration, data, n_epochs))

    loops = [Loop("plain", "plain", "", train, list, ("data",))]
    seconds = epoch_times.measure(loops, n_rounds=2, n_epochs=4)
    assert calls == [([], "data", 4)] * 3
    assert len(seconds["plain"]) == 2
    assert all(0 <= second < 1 for second in seconds["plain"])


@pytest.mark.parametrize(
    ("ratio", "status", "said"),
    [(LIMIT, 0, "within"), (LIMIT + 0.01, 1, "has become slow")],
)
def test_v6_has_a_limit(ratio, status, said):
    found, sentence = judge(ratio)
    assert found == status
    assert said in sentence


@pytest.mark.parametrize("ratio", [1.0, 9.0])
def test_the_command_prints_a_line_per_loop(capsys, monkeypatch, loops, ratio):
    def made_up(loops, seconds):
        return {loop.name: ratio for loop in loops}

    monkeypatch.setattr(epoch_times, "ratios", made_up)
    assert main(["--rounds", "1", "--epochs", "1"]) == (ratio > LIMIT)
    lines = capsys.readouterr().out.splitlines()
    start = next(i for i, line in enumerate(lines) if "ratio" in line) + 1
    table = lines[start : start + len(loops)]
    for line, loop in zip(table, loops, strict=True):
        assert line.startswith(loop.name)
        assert f" {ratio:.2f}  {loop.work}" in line
    assert "median of 1 rounds" in lines[1]


@pytest.mark.parametrize("option", ["--rounds", "--epochs"])
@pytest.mark.parametrize("value", ["0", "-1", "x"])
def test_settings_that_make_no_sense_are_refused(capsys, option, value):
    with pytest.raises(SystemExit):
        main([option, value])
    assert option in capsys.readouterr().err
