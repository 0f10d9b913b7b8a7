"""What chapter 17 shows beside the tables, in the smallest sizes."""

import json
import sys

import pytest
import torch

from helpers.measuring import (
    fetching,
    for_the_page,
    ideas,
    ladder,
    memory_limit,
)
from helpers.measuring.contenders import Reseeded
from helpers.measuring.jobs import job_called
from helpers.measuring.regimes import flatness, measure_regimes, measure_rows


def test_a_regime_has_a_time_per_batch_size():
    found = measure_regimes((1, 64), ("line-sgd", "mlp"), seconds=0.001)
    assert found["batch_sizes"] == [1, 64]
    assert found["titles"]["mlp"] == "digits, MLP 64-64-10"
    for seconds in found["seconds"].values():
        assert len(seconds) == 2
        assert min(seconds) > 0


def test_rows_are_timed_per_row():
    found = measure_rows((100, 2000), ("plain", "eager"), seconds=0.01)
    assert found["n_rows"] == [100, 2000]
    assert set(found["seconds"]) == {"plain", "eager"}
    # an epoch of 2,000 rows takes less than 20 seconds, on any machine
    assert 0 < found["seconds"]["plain"][1] < 0.01
    assert flatness([2.0, 1.0, 1.5]) == 2.0


# ------------------------------------------------------------------- fetching


@pytest.mark.parametrize("way", fetching.TITLES)
def test_every_way_to_fetch_gives_every_row_once_in_batches(way):
    x, y = torch.arange(10.0).reshape(10, 1), torch.arange(10)
    make = fetching.ways_to_fetch(x, y, batch_size=4)[way]
    passes = []
    for _ in range(2):
        batches = list(make())
        assert [len(y_batch) for _, y_batch in batches] == [4, 4, 2]
        for x_batch, y_batch in batches:
            assert torch.equal(x_batch.flatten(), y_batch.float())
        passes.append(torch.cat([y_batch for _, y_batch in batches]).tolist())
    assert sorted(passes[0]) == sorted(passes[1]) == list(range(10))
    assert passes[0] != passes[1]


def test_fetching_is_a_ratio_to_a_point_at_a_time():
    (row,) = fetching.measure_fetching({"small": (40, (2,), 8)}, n_rounds=2)
    assert set(row["ratios"]) == set(fetching.TITLES)
    assert row["ratios"][fetching.POINTS] == [1.0, 1.0, 1.0]
    assert (row["n_rows"], row["shape"], row["batch_size"]) == (40, [2], 8)


# --------------------------------------------------------- one change at a time

EAGERLY = [name for name in ladder.RUNGS if "compiled" not in name]


@pytest.mark.parametrize("rung", [r for r in EAGERLY if r != "eager"])
def test_every_rung_has_the_losses_of_the_plain_loop(rung):
    job = job_called("line-adam")
    losses = []
    for name in ("plain", rung):
        loop = ladder.Loop(job, ladder.changes_of(name))
        loop.train_loader = Reseeded(loop.train_loader)
        losses.append(loop.run(2))
    for expected, found in zip(*losses, strict=True):
        assert found == pytest.approx(expected, rel=1e-4)


def test_a_compiled_step_is_a_step():
    job = job_called("line-adam")
    losses = []
    for compile_it in (False, True):
        loop = ladder.Loop(job, ladder.changes_of("fused"))
        if compile_it:
            torch.compiler.reset()
            with torch.compiler.set_stance("force_eager"):
                loop.step = ladder.compiled_step(
                    loop.model, loop.loss_fn, loop.optimizer, loop._step
                )
                losses.append(loop.run(2))
        else:
            losses.append(loop.run(2))
    for expected, found in zip(*losses, strict=True):
        assert found == pytest.approx(expected, rel=1e-4)


def test_each_rung_adds_one_change():
    names = list(ladder.RUNGS)
    upto_fused = names[1 : names.index("fused") + 1]
    assert ladder.changes_of("plain") == []
    for number, name in enumerate(upto_fused):
        assert ladder.changes_of(name) == upto_fused[: number + 1]
    assert ladder.changes_of("forward compiled") == [
        *upto_fused,
        "forward compiled",
    ]
    assert "fused" not in ladder.changes_of("step compiled")


def test_the_ladder_is_plain_data_and_a_table():
    found = ladder.measure_ladder(
        ["line-adam"], 1, 1, ["plain", "fused", "eager"]
    )
    assert json.loads(json.dumps(found)) == found
    assert list(found[0]["ratios"]) == ["plain", "fused", "eager"]
    lines = ladder.format_rows(found, ladder.RUNGS).splitlines()
    assert len(lines) == 1 + len(ladder.RUNGS)
    assert lines[1].split()[-1] == "1.000"


# ---------------------------------------------------------------------- ideas


def test_an_idea_is_a_ratio_to_the_step_without_it():
    before = torch.get_num_threads()
    (found,) = ideas.measure_ideas([("network", 2)], n_rounds=1, n_steps=1)
    assert set(found["ratios"]) == set(ideas.IDEAS)
    assert found["ratios"]["plain"] == [1.0, 1.0, 1.0]
    assert found["batch_size"] == 2
    assert torch.get_num_threads() == before


def test_ideas_train():
    for name, step in ideas.steps_of("mlp", 32).items():
        losses = [step() for _ in range(30)]
        assert losses[-1] < losses[0], name


def test_two_threads_are_two(monkeypatch):
    seen = []
    before = torch.get_num_threads()
    steps = {
        "plain": lambda: seen.append(("plain", torch.get_num_threads())),
        "SGD": lambda: None,
        "fused SGD": lambda: None,
        "two threads": lambda: seen.append(("two", torch.get_num_threads())),
    }
    monkeypatch.setattr(ideas, "steps_of", lambda *_: steps)
    ideas.measure_ideas([("mlp", 2)], n_rounds=2, n_steps=1)
    assert set(seen) == {("plain", 1), ("two", 2)}
    assert torch.get_num_threads() == before


# --------------------------------------------------------------------- memory


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux holds a process to this limit"
)
def test_more_data_than_memory_is_trained_on_and_cannot_be_loaded():
    found = memory_limit.measure_memory(megabytes=60, more=30)
    assert found["file"] >= 60 > found["limit"] == 30
    first, second = found["losses"]
    assert second < first
    assert found["held"] < found["limit"]
    assert found["loading"] == "MemoryError"


def test_rows_on_demand_are_the_rows_of_the_file(tmp_path):
    path = tmp_path / "rows"
    memory_limit.write_rows(path, 10 * memory_limit.ROW.itemsize)
    everything = torch.frombuffer(
        bytearray(path.read_bytes()), dtype=torch.float32
    ).reshape(10, -1)
    dataset = memory_limit.RowsOnDemand(path)
    assert len(dataset) == 10
    x, y = dataset[[7, 0, 7]]
    assert torch.equal(x, everything[[7, 0, 7], :-1])
    assert torch.equal(y, everything[[7, 0, 7], -1:])
    sizes = [
        len(y)
        for _, y in memory_limit.loader_of(dataset, batch_size=4, shuffle=True)
    ]
    assert sizes == [4, 4, 2]


# ------------------------------------------------------------------- all of it


def test_every_part_is_measured_and_shown(monkeypatch):
    rows = {"title": "t", "name": "line", "ratios": {"plain": [1.0] * 3}}
    made = {
        "regimes": {
            "batch_sizes": [1],
            "titles": {"mlp": "MLP"},
            "seconds": {"mlp": [0.001]},
        },
        "rows": {"n_rows": [100, 1000], "seconds": {"eager": [2.0, 3.0]}},
        "memory": {"file": 300.0, "limit": 40, "held": 9.0, "loading": "E"},
        "fetching": [rows],
        "ladder": [rows],
        "ideas": [rows],
        "loading": rows,
    }
    assert set(made) == set(for_the_page.PARTS)
    monkeypatch.setattr(
        for_the_page,
        "PARTS",
        {name: lambda name=name: made[name] for name in made},
    )
    said = []
    found = for_the_page.measure_for_the_page(said.append)
    assert found == made
    assert said == [f"{name} ..." for name in made]
    shown = for_the_page.format_page(found)
    for words in ("eager: 1.50", "A file of 300 MB", "1000", "MLP"):
        assert words in shown
