"""One run in one, two, three and four processes: the same numbers."""

import hashlib
import inspect
from pathlib import Path

import pytest
import torch
from torch.utils.data import RandomSampler, SequentialSampler

from helpers import step_functions
from helpers.checkpoints import load_checkpoint
from helpers.datasets.digits import load_digits
from helpers.errors import CheckpointError, DataError, PairingError
from helpers.mini_batch import v1 as mini_batch
from helpers.processes import Shares
from helpers.processes.sharded_files import load_sharded, save_sharded
from helpers.processes.shares import share_of
from helpers.processes.starting import run_processes
from tests.processes import program
from tests.tools import (
    assert_one_sentence,
    configure,
    identical,
    state_of,
    version,
)

# What chapters 01 and 05 show, character for character.
UNCHANGED = {
    step_functions.make_train_step_fn: (
        "f71e1647e80632911cc3125441d7f4938acb052e515de1c6595d3514b258ef10"
    ),
    step_functions.make_val_step_fn: (
        "006fbba6de8d0bd07698fbf3e69f14997f7768a3874221ba87caa8188ccfa2e0"
    ),
    mini_batch: (
        "0f0ab67e76d7f9c407a53674ea0f06a57b93d38a6ff389cb77c2e1f10f5a1938"
    ),
}
SEVERAL = (2, 3, 4)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Return by number of processes what each of them found."""
    folder = tmp_path_factory.mktemp("together")
    results = {}
    for n in SEVERAL:
        words = ["-m", "tests.processes.program", str(folder)]
        heard = run_processes(words, n)
        assert heard.status == 0, heard.errors
        results[n] = [
            torch.load(folder / f"found_{n}_{rank}.pt", weights_only=True)
            for rank in range(n)
        ]
    results["folder"] = folder
    return results


@pytest.fixture(scope="module")
def alone():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield {**program.equal_results(), **program.unequal_results()}
    torch.set_num_threads(threads)


def gap(a, b) -> float:
    """Return the largest difference between two nested results."""
    if isinstance(a, torch.Tensor):
        assert a.shape == b.shape
        return float((a.double() - b.double()).abs().max())
    if isinstance(a, dict):
        assert list(a) == list(b)
        return max((gap(a[key], b[key]) for key in a), default=0.0)
    if isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        return max(map(gap, a, b), default=0.0)
    return abs(a - b) if isinstance(a, (int, float)) else float(a != b)


# ------------------------------------------------------------ what trains


@pytest.mark.parametrize("what", UNCHANGED, ids=lambda w: w.__name__)
def test_what_trains_is_what_part_one_shows(what):
    source = inspect.getsource(what)
    assert hashlib.sha256(source.encode()).hexdigest() == UNCHANGED[what]


def test_plainly_started_nothing_differs_to_the_last_bit():
    digits = load_digits()
    results = []
    for data, model, training in ((3, 6, 7), (5, 9, 9)):
        loaders = version("data_preparation", data).prepare_data(
            digits.images[:300], digits.labels[:300], highest=digits.highest
        )
        configuration = configure(model, run_name=None)
        train = version("model_training", training).train
        curves = train(configuration, *loaders, n_epochs=2)
        results.append([curves, state_of(configuration)])
    assert identical(*results)


# ---------------------------------------------------------------- equality


@pytest.mark.parametrize("n", SEVERAL)
def test_one_global_batch_gives_one_result(found, alone, n):
    for name, mine in found[n][0]["equal"].items():
        assert gap(mine, alone[name]) < 1e-12, name


def test_in_pieces_and_alone_too(alone):
    for optimizer in program.OPTIMIZERS:
        whole = alone[f"{optimizer} whole"]
        for how in ("pieces", "rows"):
            assert gap(alone[f"{optimizer} {how}"], whole) < 1e-12
    # wherever the gradients are cleared
    assert gap(alone["clears first"], alone["Adam whole"]) < 1e-12
    # whoever fetches
    assert gap(alone["fetched ahead"], alone["Adam pieces"]) == 0
    # two different optimizers do differ
    assert gap(alone["SGD whole"]["model"], alone["Adam whole"]["model"]) > 0.01


@pytest.mark.parametrize("n", SEVERAL)
def test_all_processes_return_and_keep_the_same(found, n):
    first, *others = found[n]
    for other in others:
        assert identical(first["equal"], other["equal"])
        assert identical(first["saved"], other["saved"])
        norm = (one["unequal"]["batch norm"] for one in (first, other))
        assert identical(*norm)  # the running means as well


@pytest.mark.parametrize("n", SEVERAL)
def test_where_equality_ends(found, alone, n):
    """Float32 rounds elsewhere; batch norm sees the rows of one process."""
    mine = found[n][0]["unequal"]
    in_float32 = gap(mine["float32"], alone["float32"])
    with_norm = gap(mine["batch norm"], alone["batch norm"])
    print(f"{n} processes: float32 {in_float32:.1e}, norm {with_norm:.1e}")
    assert 0 < in_float32 < 1e-5 < 1e-3 < with_norm


@pytest.mark.parametrize("n", SEVERAL)
def test_digits_and_one_log(found, alone, n):
    logs = [one["unequal"]["digits"]["logs"] for one in found[n]]
    assert logs == [True] + [False] * (n - 1)
    mine = found[n][0]["unequal"]["digits"]["curves"]
    assert gap(mine, alone["digits"]["curves"]) < 1e-5


# ------------------------------------------------------------- checkpoints


@pytest.mark.parametrize("n", SEVERAL)
def test_a_resumed_run_equals_an_undisturbed_one(found, n):
    saved = found[n][0]["saved"]
    assert identical(saved["straight"], saved["resumed"])


def test_saved_on_some_and_loaded_on_others(found):
    straight = found[2][0]["saved"]["straight"]
    for n in (3, 4):
        assert gap(found[n][0]["half_of_2"], straight) < 1e-12


@pytest.mark.parametrize("name", ["half_of_2.pt", "half_of_4.pt"])
def test_every_other_version_loads_it(found, name):
    """No "module." in front of names, and nothing of processes in it."""
    straight = found[2][0]["saved"]["straight"]
    assert _resumed_by_version_7(found["folder"] / name, straight) < 1e-12


def _resumed_by_version_7(path: Path, straight) -> float:
    configuration = configure(
        6, make_model=program.mlp, loss_fn=torch.nn.MSELoss(),
        metrics={"error": program.mean_error}, device="cpu",
        make_optimizer=lambda parameters, lr: program.OPTIMIZERS["Adam"](
            parameters
        ),
    )  # fmt: skip
    checkpoint = load_checkpoint(path, configuration)
    curves = version("model_training", 7).train(
        configuration, *program.loaders(), n_epochs=4, resume_from=checkpoint
    )
    state = configuration.model.state_dict()
    return gap({"curves": curves, "model": state}, straight)


def test_a_sharded_model_is_one_changed_argument(found):
    straight = found[2][0]["saved"]["straight"]
    n_numbers = sum(p.numel() for p in program.mlp().parameters())
    held = [one["sharded"]["held"] for one in found[2]]
    assert sum(held) == n_numbers and max(held) < n_numbers
    for one in found[2]:
        assert gap(one["sharded"]["resumed"], straight) < 1e-12
    path = found["folder"] / "sharded_of_2.pt"
    assert _resumed_by_version_7(path, straight) < 1e-12


def test_sharded_files_of_two_processes_on_one_and_on_four(found):
    saved = found[2][0]["files"]
    loaded = [*found[2], *found[4]]
    loaded = [one["files"] for one in loaded]
    for name in ("parts", "copies"):
        expected = saved[f"saved {name}"]
        assert all(gap(one[f"loaded {name}"], expected) == 0 for one in loaded)
        configuration = program.configured()
        folder = found["folder"] / f"files_of_2_{name}"
        load_sharded(folder, configuration)
        alone = program.in_plain_tensors(configuration)
        assert gap(alone, expected) == 0
        with pytest.raises(CheckpointError, match="already") as caught:
            save_sharded(folder, configuration)
        assert_one_sentence(caught.value)


def test_sharded_files_that_do_not_fit(found, tmp_path):
    other = configure(2)
    before = state_of(other)
    for folder in (found["folder"] / "files_of_2_parts", tmp_path):
        with pytest.raises(CheckpointError) as caught:
            load_sharded(folder, other)
        assert_one_sentence(caught.value)
    assert identical(before, state_of(other))


# ------------------------------------------------------------------- shares


@pytest.mark.parametrize("n_rows", [1, 2, 5, 16, 17])
@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_shares_are_a_partition(n_rows, n):
    shares = [share_of(range(n_rows), which, n) for which in range(n)]
    assert [row for share in shares for row in share] == list(range(n_rows))
    sizes = list(map(len, shares))
    assert max(sizes) - min(sizes) <= 1


def test_portions_say_what_batches_hold(monkeypatch):
    for n, me in ((1, 0), (2, 0), (2, 1), (4, 3)):
        monkeypatch.setattr("helpers.processes.shares.rank", lambda me=me: me)
        monkeypatch.setattr(
            "helpers.processes.shares.world_size", lambda n=n: n
        )
        shares = Shares(SequentialSampler(range(33)), 3, 16)
        pairs = list(zip(shares, shares.portions(), strict=True))
        assert len(pairs) == len(shares) == 3
        for rows, portion in pairs:
            assert len(rows) == portion.n_rows or portion.n_rows == 0
            assert portion.n_pieces >= -(-portion.n_rows // 3)
        assert [p.n_global for _, p in pairs] == [16, 16, 1]


def test_the_order_is_that_of_a_plain_loader():
    digits = load_digits()
    x, y = digits.images[:100], digits.labels[:100]
    plain = version("data_preparation", 3).prepare_data(x, y, 8, 16)
    shared = version("data_preparation", 5).prepare_data(x, y, 8, 16)
    for before, after in zip(plain, shared, strict=True):
        for _ in range(2):
            assert identical(
                [list(b) for b in before], [list(b) for b in after]
            )


@pytest.mark.parametrize("size", [0, -1, 2.5, "8", True])
def test_sizes_that_make_no_sense(size):
    for sizes in ((size, 8), (8, size)):
        with pytest.raises(DataError) as caught:
            Shares(RandomSampler(range(9)), *sizes)
        assert_one_sentence(caught.value)


# ------------------------------------------------------------------ pairing


def test_what_several_processes_cannot_use(monkeypatch):
    configuration, loaders = program.configured(), program.loaders()
    monkeypatch.setattr("helpers.processes.share.world_size", lambda: 2)
    with pytest.raises(PairingError, match="model_training v9") as caught:
        version("model_training", 7).train(configuration, *loaders, n_epochs=1)
    assert_one_sentence(caught.value)
    plain = version("data_preparation", 2).prepare_data(
        *program.points(20, torch.float32).tensors
    )
    with pytest.raises(PairingError, match="data_preparation v5") as caught:
        version("model_training", 9).train(configuration, *plain, n_epochs=1)
    assert_one_sentence(caught.value)
    with pytest.raises(PairingError, match="process_group") as caught:
        program.configured()
    assert_one_sentence(caught.value)


# ------------------------------------------------------------------- errors


@pytest.fixture(scope="module")
def cases():
    """Return the lines of each case, by process."""
    names = ["error", "diverged", "look", "saving", "loading", "kill"]
    heard = run_processes(["-m", "tests.processes.failing", *names], 2)
    found = {"heard": heard}
    for rank, lines in heard.lines.items():
        for line in lines:
            if line.startswith("case "):
                found.setdefault(line[5:], {})[rank] = said = []
            else:
                said.append(line)
    return found


def test_an_error_in_one_process_ends_all(cases):
    own = cases["error"][1]
    assert own == ["put back False", "own the fault of process 1", "quick"]
    assert cases["error"][0] == [
        "put back False",
        "ProcessError Process 1 has failed, and with it the whole run: "
        "ZeroDivisionError: the fault of process 1",
        "quick",
    ]


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("diverged", "DivergenceError The loss became nan in epoch 1, batch 1"),
        ("look", "FirstBatchError The predictions have shape"),
    ],
)
def test_all_processes_say_the_same_and_put_back(cases, case, says):
    assert cases[case][0] == cases[case][1]
    assert cases[case][0][0] == "put back True"
    assert cases[case][0][1].startswith(says)
    assert cases[case][0][2] == "quick"


@pytest.mark.parametrize(
    ("case", "says"),
    [("saving", "a folder or a device"), ("loading", "There is no nowhere.pt")],
)
def test_an_error_of_the_first_process_reaches_the_others(cases, case, says):
    assert cases[case][0] == cases[case][1]
    assert any(
        line.startswith("CheckpointError") and says in line
        for line in cases[case][1]
    )
    assert cases[case][1][-1] == "quick"


def test_a_killed_process_ends_all(cases):
    heard = cases["heard"]
    assert heard.status != 0
    assert (heard.failed, heard.exit_status) == (1, -9)
