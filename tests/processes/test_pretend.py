"""Ranks in one process: what they compute, and that they leave nothing."""

import importlib.util
import sys
import warnings
from collections.abc import Iterator

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import Replicate

from helpers.errors import CourseError
from helpers.processes import pretend


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = (sys.excepthook, torch.manual_seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    assert not dist.is_initialized()
    assert before == (sys.excepthook, torch.manual_seed)


def parts_of(tensor: torch.Tensor, n: int) -> list[list[float]]:
    return [pretend.on_rank(tensor, rank).tolist() for rank in range(n)]


def test_one_tensor_per_rank_is_printed():
    with pretend.ranks(3) as ranks:
        values = ranks.each(lambda rank: torch.tensor([rank, 10 * rank]))
    assert " ".join(repr(values).split()) == (
        "LocalTensor( 0: tensor([0, 0]), 1: tensor([ 1, 10]), "
        "2: tensor([ 2, 20]) )"
    )


def test_collectives_compute_what_they_do_between_processes():
    with pretend.ranks(4) as ranks:
        values = ranks.each(lambda rank: torch.tensor([1.0, rank]))
        with pretend.counted() as collectives:
            assert str(collectives) == "no collective"
            dist.all_reduce(values)
            assert str(collectives) == "1 x all-reduce"
            dist.broadcast(values, 0)
    assert parts_of(values, 4) == [[4.0, 6.0]] * 4
    assert collectives.counts == {"all-reduce": 1, "broadcast": 1}


def test_tensors_go_on_in_the_next_cell():
    with pretend.ranks(2) as ranks:
        values = ranks.each(lambda rank: torch.tensor([rank + 1.0]))
    with pretend.ranks(2):
        dist.all_reduce(values)
    assert parts_of(values + 1, 2) == [[4.0], [4.0]]


def test_gradients_of_ranks_differ_until_they_meet():
    model = nn.Linear(1, 1)
    with pretend.ranks(2) as ranks:
        x = ranks.each(lambda rank: torch.full((3, 1), float(rank)))
        model(x).mean().backward()
        grad = model.weight.grad
        assert grad is not None
        assert parts_of(grad, 2) == [[[0.0]], [[1.0]]]
        dist.all_reduce(grad, op=dist.ReduceOp.AVG)
    assert parts_of(grad, 2) == [[[0.5]], [[0.5]]]


@pytest.mark.parametrize("n_rows", [10, 8, 5, 1])
def test_shares_of_torch_and_their_gathering(n_rows):
    whole = torch.arange(n_rows)
    with pretend.ranks(4) as ranks:
        share = ranks.share(whole)
        with pretend.counted() as collectives:
            gathered = share.redistribute(placements=[Replicate()])
        parts = parts_of(share.to_local(), 4)
        assert parts_of(gathered.to_local(), 4) == [whole.tolist()] * 4
    chunks = [chunk.tolist() for chunk in whole.chunk(4)]
    assert [part for part in parts if part] == chunks
    assert collectives.counts == {"all-gather": 1}


def layered() -> nn.Sequential:
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))


def test_rank_3_of_8_holds_an_eighth_of_everything():
    model = layered()
    n_numbers = sum(p.numel() for p in model.parameters())
    with pretend.rank_of(3, 8) as mesh:
        assert (dist.get_rank(), dist.get_world_size()) == (3, 8)
        for layer in (model[0], model[2]):
            fully_shard(layer, mesh=mesh)
        fully_shard(model, mesh=mesh)
        optimizer = torch.optim.Adam(model.parameters())
        with pretend.counted() as collectives:
            loss = model(torch.zeros(4, 64)).square().mean()
            assert collectives.counts == {"all-gather": 2}
            loss.backward()
            optimizer.step()
        # once before each layer forward, once before each backward
        assert str(collectives) == "4 x all-gather, 2 x reduce-scatter"
        held = pretend.held(model, optimizer)
    assert held.shapes["0.weight"] == ((64, 64), (8, 64))
    assert held.shapes["2.bias"] == ((16,), (2,))
    eighth = (n_numbers, n_numbers // 8)
    assert held.numbers == {
        "parameters": eighth,
        "gradients": eighth,
        "optimizer": (2 * n_numbers, 2 * n_numbers // 8),
    }
    assert "numbers in optimizer" in str(held)


def test_a_whole_model_is_held_whole():
    held = pretend.held(nn.Linear(3, 2))
    assert held.numbers == {"parameters": (8, 8)}
    assert str(held).splitlines()[1].split("  ")[0] == "weight"


def test_again_after_an_error_and_after_a_real_group(monkeypatch):
    monkeypatch.setattr(
        sys, "excepthook", sys.excepthook
    )  # put back at the end

    def real_group():
        store = dist.HashStore()
        dist.init_process_group("gloo", rank=0, world_size=1, store=store)

    for _ in range(3):
        with pytest.raises(KeyError), pretend.ranks(4) as ranks:
            ranks.each(lambda rank: {}[rank])
        with pytest.raises(ZeroDivisionError), pretend.rank_of(1, 2):
            print(1 / 0)
        with pretend.ranks(2) as ranks:
            values = ranks.each(lambda rank: torch.ones(1))
            dist.all_reduce(values)
        assert parts_of(values, 2) == [[2.0], [2.0]]
        real_group()
        with (
            pytest.raises(CourseError, match="is open in this kernel"),
            pretend.ranks(2),
        ):
            pass
        assert dist.get_backend() == "gloo"  # which is left alone
        dist.destroy_process_group()


def test_what_cannot_be_is_refused_in_a_sentence():
    with (
        pytest.raises(CourseError, match="rank 8 is not one of them"),
        pretend.rank_of(8, 8),
    ):
        pass
    with (
        pytest.raises(CourseError, match="at least one rank, not 0"),
        pretend.ranks(0),
    ):
        pass
    with pytest.raises(CourseError, match="did not come from"):
        pretend.on_rank(torch.zeros(2), 0)
    with pretend.ranks(2) as ranks:
        values = ranks.each(lambda rank: torch.zeros(1))
        with pytest.raises(CourseError, match="ranks inside"), pretend.ranks(2):
            pass
    with pytest.raises(CourseError, match="go from 0 to 1"):
        pretend.on_rank(values, 2)


@pytest.mark.parametrize(
    "moved",
    [
        "torch.distributed._local_tensor",
        "torch.testing._internal.distributed.fake_pg",
        "torch.distributed.tensor.debug",
    ],
)
def test_a_torch_that_has_moved_its_modules(moved, monkeypatch):
    """The file can still be imported; using it says what to do."""
    monkeypatch.setitem(sys.modules, moved, None)
    spec = importlib.util.spec_from_file_location("copy", pretend.__file__)
    assert spec and spec.loader
    copy = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "copy", copy)
    spec.loader.exec_module(copy)
    for context in (copy.ranks(2), copy.rank_of(0, 2), copy.counted()):
        with pytest.raises(CourseError) as caught:
            context.__enter__()
        assert moved in str(caught.value)
        assert "requirements.txt" in str(caught.value)
    assert copy.held(nn.Linear(1, 1)).numbers == {"parameters": (2, 2)}


def test_a_torch_whose_modules_take_other_arguments(monkeypatch):
    def other(*, ranks):
        raise AssertionError

    monkeypatch.setattr(pretend, "LocalTensorMode", other)
    with pytest.raises(CourseError, match="has changed them"), pretend.ranks(2):
        pass
