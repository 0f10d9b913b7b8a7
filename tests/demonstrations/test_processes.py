"""Programs in several processes: their lines in order, failures raised."""

import tempfile
import time
from pathlib import Path

import psutil
import pytest

from helpers.demonstrations.processes import Shortened, torchrun
from helpers.paths import ROOT
from helpers.processes import starting
from helpers.processes.starting import Kill, WorkerError, run_processes

PROGRAM = """
import os, sys, time
rank = int(os.environ["RANK"])
for i in range(3):
    time.sleep(0.05 * (rank == 0))
    print(f"{rank}: {i}", flush=True)
what = sys.argv[1] if len(sys.argv) > 1 else ""
if what == "fails" and rank == 1:
    raise ValueError("no more rows")
if what == "waits":
    time.sleep(60)
"""


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


@pytest.fixture(autouse=True)
def leaves_nothing_behind():
    """Neither processes nor files."""
    folder = Path(tempfile.gettempdir())
    before = set(folder.glob("tl_*")) | set(folder.glob("torchelastic_*"))
    yield
    after = set(folder.glob("tl_*")) | set(folder.glob("torchelastic_*"))
    assert after == before
    assert not [
        child
        for child in psutil.Process().children(recursive=True)
        if "torch.distributed.run" in " ".join(child.cmdline())
    ]


def lines_of(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_lines_come_by_process_whoever_is_quicker(program, capsys):
    torchrun(str(program))
    first, *lines = lines_of(capsys)
    assert first == f"$ torchrun --nproc-per-node 2 {program}"
    assert lines == [f"{rank}: {i}" for rank in (0, 1) for i in range(3)]


def test_lines_come_in_turn(program, capsys):
    torchrun(f"{program} x", in_turn=True, leave_out="1: 1")
    assert lines_of(capsys)[1:] == [
        "0: 0",
        "1: 0",
        "0: 1",
        "...",
        "0: 2",
        "1: 2",
    ]


def test_a_failure_is_raised_with_the_last_line_of_the_process(program, capsys):
    with pytest.raises(WorkerError) as caught:
        torchrun(f"{program} fails")
    said = str(caught.value)
    assert "Process 1 of 2" in said and "exit status 1" in said
    assert said.endswith("ValueError: no more rows")
    assert "ValueError: no more rows" in lines_of(capsys)
    torchrun(f"{program} fails", fails=True)
    assert lines_of(capsys)[-1] == "(exit status 1)"


def test_what_should_fail_and_does_not_is_raised(program):
    with pytest.raises(WorkerError, match="expected to fail"):
        torchrun(str(program), fails=True)


def test_what_takes_too_long_is_ended(program):
    start = time.monotonic()
    with pytest.raises(WorkerError, match="not done after 4 seconds"):
        torchrun(f"{program} waits", time_limit=4)
    assert time.monotonic() - start < 30


def test_ctrl_c_ends_all(program, monkeypatch):
    """As in a page: the exception comes while lines are waited for."""
    seen = []

    def interrupted(rank, line, is_error):
        seen.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_processes([str(program), "waits"], on_line=interrupted)
    assert len(seen) == 1


@pytest.mark.parametrize("rank", [0, 1])
def test_the_first_process_prints_no_more_than_the_line_of_the_kill(
    program, rank
):
    heard = run_processes([str(program), "waits"], kill=Kill(rank, "0: 1"))
    assert heard.is_killed and heard.status == 1
    assert (heard.failed, heard.exit_status) == (rank, -9)
    # torchrun ends the first process before or after its next line
    assert heard.lines[0] in (
        ["0: 0", "0: 1"],
        ["0: 0", "0: 1", "0: 2"][: 2 + rank],
    )


def test_nobody_to_kill_is_raised(program):
    with pytest.raises(WorkerError, match="was not killed"):
        torchrun(str(program), kill=1, kill_at="9")


def test_a_program_that_does_not_exist_is_raised():
    with pytest.raises(WorkerError, match=r"nowhere\.py"):
        torchrun("nowhere.py")


def test_of_a_traceback_the_places_in_the_course_are_kept():
    lines = [
        "a warning",
        "Traceback (most recent call last):",
        f'  File "{ROOT}/helpers/x.py", line 3, in main',
        "    f()",
        f'  File "{ROOT}/.venv/lib/site-packages/y.py", line 4, in f',
        "KeyError: 'x'",
        "Traceback (most recent call last):",
        f'  File "{ROOT}/helpers/x.py", line 3, in main',
        "RuntimeError: Connection closed by peer [127.0.0.1]:47284",
    ]
    assert Shortened().of(lines) == [
        "a warning",
        '  File "helpers/x.py", line 3, in main',
        "KeyError: 'x'",
    ]


# ---------------------------------------------------------- the programs


def said_by(capsys, program, **options):
    torchrun(program, in_turn=True, **options)
    return lines_of(capsys)[1:]


def test_after_an_all_reduce_all_have_the_sum(capsys):
    said = said_by(capsys, "ranks.py", n_processes=3)
    assert [line.split(maxsplit=6)[-1] for line in said[3:]] == [
        "[6.0, 60.0]"
    ] * 3


def test_gradients_meet_in_backward(capsys):
    said = said_by(capsys, "gradients.py")
    own = [float(line.split()[-1]) for line in said[:2]]
    after = [float(line.split()[-1]) for line in said[2:4]]
    assert own[0] != own[1] and after[0] == after[1]
    assert after[0] == pytest.approx(sum(own) / 2, abs=1e-3)
    assert said[4].split()[-1] == said[5].split()[-1]


def test_padding_falsifies_a_mean(capsys):
    said = said_by(capsys, "padding.py")
    assert "[1, 3, 5, 0], mean of all 3.0000" in said[1]
    assert all(line.endswith("2.1429") for line in said[2:])


def test_set_epoch_changes_the_order(capsys):
    said = said_by(capsys, "same_order.py")
    orders = [line.partition("[")[2] for line in said if "rank 0" in line]
    assert len(set(orders[:3])) == 1 and len(set(orders[3:])) == 3


def test_a_wrapped_model_has_other_names(capsys):
    said = said_by(capsys, "module_prefix.py")
    assert said[0].split()[1:] == ["module.weight", "module.bias"]
    assert any("Unexpected key(s)" in line for line in said)


def test_each_process_gets_one_thread_and_the_loopback():
    environment = starting.environment()
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["GLOO_SOCKET_IFNAME"] == starting.LOOPBACK
