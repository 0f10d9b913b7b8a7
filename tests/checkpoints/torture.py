"""Kill, fill and damage until something gives: `make torture`.

Prints one table: what was tried, how often, what came of it, and what plain
practice (`torch.save` over the old file, `torch.load` of whatever is there)
does under the same treatment in the same run. `--quick` tries less often; the
tests run that. POSIX only: it forks and kills processes.
"""

import argparse
import contextlib
import os
import random
import resource
import shutil
import signal
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from torture_files import (
    equal_numbers_on_one_path,
    hostile_files,
    interrupts_at_every_line,
    joined_files,
    properties_kept,
    read_plainly,
    save_plainly,
    threads_on_one_path,
)
from torture_row import Row, make_configuration, same
from torture_servers import foreign_servers

from helpers.checkpoints import read_checkpoint, save_checkpoint
from helpers.demonstrations.kill_while_training import train_and_kill, train_on
from helpers.errors import CheckpointError
from helpers.model_configuration.v2 import configure_model
from helpers.pipeline.first_batches import Watch
from helpers.runs import checkpoint_path, clear_run, read_scalars

SEED = 20


def run_and_signal(action, number, delay) -> int:
    """Fork, run an action in the child, signal it after a delay.

    Returns:
        the exit status: a code, or minus the signal that ended the child.
    """
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        with contextlib.suppress(BaseException):
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                os.write(tell, b".")  # the signal may come at once
                action()
                time.sleep(30)  # done before the signal: let it come
            except KeyboardInterrupt:
                code = 42
        os._exit(code)
    os.read(ready, 1)
    time.sleep(delay)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    _, status = os.waitpid(pid, 0)
    os.close(ready)
    os.close(tell)
    return os.waitstatus_to_exitcode(status)


def time_in_child(action) -> float:
    """Return the seconds an action takes in a forked process, a median.

    There it is slower than here: every page of memory is copied first.
    """
    seconds = []
    for _ in range(5):
        ready, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                os.write(tell, b".")
                action()
                os.write(tell, b".")
            os._exit(0)
        os.read(ready, 1)
        start = time.perf_counter()
        os.read(ready, 1)
        seconds.append(time.perf_counter() - start)
        os.waitpid(pid, 0)
        os.close(ready)
        os.close(tell)
    return statistics.median(seconds)


def outcomes_of_kills(save, read, tries, number, folder):
    """Signal a save over an older checkpoint, again and again.

    Returns:
        counts of "old", "new" and "lost" files, and the exit statuses.
    """
    path = folder / "checkpoint.pt"
    old, new = make_configuration(), make_configuration(fill=0.5)
    duration = time_in_child(lambda: save(path, new, [1.0] * 2, [1.0] * 2))
    counts, statuses = {"old": 0, "new": 0, "lost": 0}, []
    for _ in range(tries):
        save(path, old, [1.0], [1.0])
        delay = random.uniform(0, 1.5 * duration)
        status = run_and_signal(
            lambda: save(path, new, [1.0] * 2, [1.0] * 2), number, delay
        )
        statuses.append(status)
        try:
            counts["old" if read(path)["epoch"] == 1 else "new"] += 1
        except Exception:
            counts["lost"] += 1
    return counts, statuses


def both_ways(tries, number, folder):
    """Signal our saves and plain ones; return their outcomes."""
    ours = outcomes_of_kills(
        save_checkpoint, read_checkpoint, tries, number, folder
    )
    plain = outcomes_of_kills(save_plainly, read_plainly, tries, number, folder)
    return *ours, plain[0]


def kills_during_save(tries, folder) -> Row:
    counts, _, plain = both_ways(tries, signal.SIGKILL, folder)
    return Row(
        "SIGKILL during a save of 4 MB",
        tries,
        f"{counts['lost']} lost, {counts['old']} old, {counts['new']} new",
        f"{plain['lost']} lost",
        # in a few tries, chance may leave one of the two out
        counts["lost"] == 0 and (tries < 100 or 0 < counts["new"] < tries),
    )


def interrupts_during_save(tries, folder) -> Row:
    counts, statuses, plain = both_ways(tries, signal.SIGINT, folder)
    return Row(
        "Ctrl-C during a save",
        tries,
        f"{counts['lost']} lost, {statuses.count(42)} KeyboardInterrupt",
        f"{plain['lost']} lost",
        # Python itself drops an interrupt that comes in a destructor
        counts["lost"] == 0
        and tries - statuses.count(42) <= max(1, tries // 50),
    )


def terminations_during_save(tries, folder) -> Row:
    counts, statuses = outcomes_of_kills(
        save_checkpoint, read_checkpoint, tries, signal.SIGTERM, folder
    )
    ended = statuses.count(-signal.SIGTERM)
    for part in folder.glob(".*.part"):  # an hour passes
        os.utime(part, (0, 0))
    save_checkpoint(
        folder / "checkpoint.pt", make_configuration(), [1.0], [1.0]
    )
    left_over = len(list(folder.glob(".*.part")))
    return Row(
        "SIGTERM during a save",
        tries,
        f"{counts['lost']} lost, {ended} ended, {left_over} left-over files",
        "",
        counts["lost"] == 0 and ended == tries and left_over == 0,
    )


def kills_during_training(tries, folder) -> Row:
    """Kill a training that saves every epoch, and go on from its file."""
    lost = before = 0
    reached = []
    clear_run("torture/loop")
    path = checkpoint_path("torture/loop")
    # The first run of a process is slow: a fork of this one begins at once.
    train_on("torture/warm", 2, every=1)
    for _ in range(tries):
        run_and_signal(
            lambda: train_on("torture/loop", 100_000, every=1),
            signal.SIGKILL,
            random.uniform(0.005, 0.25),
        )
        try:
            epoch = read_checkpoint(path)["epoch"] if path.exists() else 0
            lost += epoch < before
            before = epoch
            reached.append(epoch)
        except CheckpointError:
            lost += 1
    return Row(
        "SIGKILL at any moment of training",
        tries,
        f"{lost} lost, {before} epochs done in spite of it",
        "",
        lost == 0 and before > 0,
    )


def resumed_run_is_identical(kills, folder) -> Row:
    """Kill one run of 200 epochs many times; compare with a quiet one."""
    for run_name in ("torture/undisturbed", "torture/killed"):
        clear_run(run_name)
    train_on("torture/undisturbed", 200)
    found = train_and_kill("torture/killed", 200, kills)
    is_same = same(
        *(
            read_checkpoint(checkpoint_path(f"torture/{name}"))
            for name in ("undisturbed", "killed")
        )
    )
    curves = read_scalars("torture/undisturbed")
    same_curves = curves == read_scalars("torture/killed")
    return Row(
        "one run of 200 epochs, killed",
        len(found),
        f"weights, optimizer, losses equal: {is_same}; curves: {same_curves}",
        "",
        bool(is_same and same_curves and len(found) == kills),
    )


def damage(content: bytes, generator: np.random.Generator) -> bytes:
    """Damage bytes in one of five ways, at a random place."""
    data = bytearray(content)
    at = int(generator.integers(len(data)))
    length = int(generator.integers(1, 200))
    kind = generator.integers(5)
    if kind == 0:
        data[at] ^= 1 << int(generator.integers(8))
    elif kind == 1:
        data[at : at + length] = generator.bytes(len(data[at : at + length]))
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        data[at : at + length] = bytes(len(data[at : at + length]))
    else:
        del data[at : at + length]
    return bytes(data)


def damaged_files(tries, folder) -> Row:
    path = folder / "damaged.pt"
    save_checkpoint(path, make_configuration(size=8), [0.5], [0.25])
    content, truth = path.read_bytes(), read_checkpoint(path)
    generator = np.random.default_rng(SEED)
    silent = foreign = equal = plain_silent = 0
    for _ in range(tries):
        path.write_bytes(damage(content, generator))
        try:
            if same(read_checkpoint(path), truth):
                equal += 1
            else:
                silent += 1
        except CheckpointError:
            pass
        except Exception:
            foreign += 1
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plain_silent += not same(read_plainly(path), truth)
    return Row(
        "damaged files",
        tries,
        f"{silent} load other values, {foreign} raise another error, "
        f"{equal} harmless",
        f"{plain_silent} load other values",
        silent == 0 and foreign == 0,
    )


def disk_refuses(tries, folder) -> Row:
    """Limit the size of files while saving: the old file must not change."""
    path = folder / "checkpoint.pt"
    configuration = make_configuration()
    save_checkpoint(path, configuration, [1.0], [1.0])
    before = path.read_bytes()
    changed = other = 0
    generator = random.Random(SEED)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for _ in range(tries):
        limit = generator.randrange(len(before))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
        try:
            save_checkpoint(path, configuration, [1.0] * 2, [1.0] * 2)
            other += 1
        except CheckpointError:
            pass
        except Exception:
            other += 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        changed += path.read_bytes() != before
    left_over = len(list(folder.glob(".*.part")))
    return Row(
        "file-size limit during a save",
        tries,
        f"{changed} old files changed, {other} other errors",
        "",
        changed == 0 and other == 0 and left_over == 0,
    )


def servers_of_others(tries, folder) -> Row:
    believed, ended = foreign_servers(tries, folder)
    return Row(
        "notes of foreign servers and processes",
        tries,
        f"{believed} believed, {ended} ended",
        "",
        believed == ended == 0,
    )


def cost_of_saving(tries, folder) -> Row:
    """Time saves of both kinds in turn, as others may use the machine too."""
    configuration = make_configuration()
    times = {save_checkpoint: [], save_plainly: []}
    for _ in range(tries):
        for save, taken in times.items():
            start = time.perf_counter()
            save(folder / f"{save.__name__}.pt", configuration, [1.0], [1.0])
            taken.append(1000 * (time.perf_counter() - start))
    p95, plain_p95 = (np.percentile(taken, 95) for taken in times.values())
    # fewer than 100 tries on a busy machine say little: not judged then
    return Row(
        "time of a save, 95th percentile",
        tries,
        f"{p95:.1f} ms",
        f"{plain_p95:.1f} ms",
        bool(p95 <= 15 or tries < 100),
    )


def cost_of_the_first_look(tries, folder) -> Row:
    """Time the first batches of a training with and without the look."""
    configuration = configure_model()
    x, y = torch.rand(16, 1), torch.rand(16, 1)

    def seconds(train_step_fn, val_step_fn):
        start = time.perf_counter()
        train_step_fn(x, y)
        train_step_fn(x, y)
        with torch.no_grad():
            val_step_fn(x, y)
        return time.perf_counter() - start

    plain = configuration.train_step_fn, configuration.val_step_fn
    costs = []
    for _ in range(tries):
        watch = Watch(configuration, 5)
        watched = watch.train_step(plain[0]), watch.val_step(plain[1])
        costs.append(1000 * (seconds(*watched) - seconds(*plain)))
    cost = np.median(costs)
    return Row(
        "time of the look at the first batches",
        tries,
        f"{cost:.2f} ms a run",
        "",
        bool(cost <= 1),
    )


FIGURES = [
    (kills_during_save, 500, 25),
    (kills_during_training, 200, 8),
    (interrupts_during_save, 100, 15),
    (terminations_during_save, 100, 10),
    (disk_refuses, 100, 10),
    (damaged_files, 7000, 300),
    (joined_files, 1000, 60),
    (hostile_files, 7, 3),
    (threads_on_one_path, 600, 60),
    (equal_numbers_on_one_path, 600, 60),
    (properties_kept, 200, 20),
    (resumed_run_is_identical, 15, 3),
    (interrupts_at_every_line, 300, 15),
    (servers_of_others, 40, 4),
    (cost_of_saving, 100, 10),
    (cost_of_the_first_look, 500, 50),
]


def main() -> int:
    """Print the table; return 1 if a figure does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="try less often")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    print(f"{'figure':38}{'tries':>6}  {'result':58}plain practice")
    is_good = True
    for figure, tries, quick in FIGURES:
        folder = Path(tempfile.mkdtemp())
        try:
            row = figure(quick if arguments.quick else tries, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        mark = "" if row.is_good else "  <-- DOES NOT HOLD"
        print(
            f"{row.figure:38}{row.tries:6}  {row.result:58}{row.plain}{mark}",
            flush=True,
        )
        is_good &= row.is_good
    clear_run("torture")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
