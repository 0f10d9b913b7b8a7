"""Figures of `make torture` about files: many writers, links, hostile files."""

import contextlib
import io
import os
import random
import stat
import subprocess
import sys
import threading
import zipfile

import interrupting
import torch
from torture_row import Row, make_configuration, same

from helpers.checkpoints import read_checkpoint, save_checkpoint
from helpers.errors import CheckpointError


def save_plainly(path, configuration, losses, val_losses):
    """Save as most tutorials do."""
    state = {
        "epoch": len(losses),
        "model_state_dict": configuration.model.state_dict(),
        "optimizer_state_dict": configuration.optimizer.state_dict(),
        "loss": losses,
        "val_loss": val_losses,
    }
    torch.save(state, path)


def read_plainly(path):
    return torch.load(path, weights_only=True)


# ------------------------------------------------------------ many writers


def save_and_read(path, number, tries, save=save_checkpoint, read=None):
    """Save to one path again and again; count failures and torn files."""
    configuration = make_configuration(size=64, fill=number)
    read = read or read_checkpoint
    failed = torn = 0
    for _ in range(tries):
        try:
            save(path, configuration, [1.0] * number, [1.0] * number)
        except Exception:
            failed += 1
        try:
            state = read(path)
            weights = state["model_state_dict"]["0.weight"]
            # of whom, is the business of chance; but of one of them, whole
            torn += len(weights.unique()) != 1
        except Exception:
            torn += 1
    return failed, torn


def both_ways_at_once(run, tries, folder):
    """Let writers meet, with our way of saving and with the plain one."""
    ours = run(folder / "ours.pt", tries, save_checkpoint, read_checkpoint)
    plain = run(folder / "plain.pt", tries, save_plainly, read_plainly)
    return ours, f"{plain[1]} torn"


def in_threads(path, tries, save, read, n=3):
    """Save from several threads of one process; sum what went wrong."""
    found = []

    def work(number):
        each = tries // n
        found.append(save_and_read(path, number, each, save, read))

    threads = [threading.Thread(target=work, args=(i + 1,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tuple(map(sum, zip(*found, strict=True)))


def in_processes(path, tries, save, read, n=2):
    """Save from processes with one number, as two containers have them."""
    ends = []
    for number in range(1, n + 1):
        from_child, to_parent = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.getpid = lambda: 1
            random.seed(SAME_FOR_ALL)
            counts = save_and_read(path, number, tries // n, save, read)
            os.write(to_parent, b"%d %d" % counts)
            os._exit(0)
        os.close(to_parent)
        ends.append((pid, from_child))
    found = []
    for pid, from_child in ends:
        os.waitpid(pid, 0)
        found.append(tuple(map(int, os.read(from_child, 100).split())))
        os.close(from_child)
    return tuple(map(sum, zip(*found, strict=True)))


SAME_FOR_ALL = 1  # a seed: random names must differ in spite of it


def threads_on_one_path(tries, folder) -> Row:
    (failed, torn), plain = both_ways_at_once(in_threads, tries, folder)
    return Row(
        "saves by 3 threads to one path",
        tries,
        f"{torn} torn, {failed} failed",
        plain,
        torn == failed == 0 and not list(folder.glob(".*.part")),
    )


def equal_numbers_on_one_path(tries, folder) -> Row:
    (failed, torn), plain = both_ways_at_once(in_processes, tries, folder)
    return Row(
        "saves by 2 processes of one number",
        tries,
        f"{torn} torn, {failed} failed",
        plain,
        torn == failed == 0 and not list(folder.glob(".*.part")),
    )


# ------------------------------------------------- what was there before


def properties_kept(tries, folder) -> Row:
    """Save over files with modes, an owner and links, drawn at random."""
    lost = 0
    is_root = os.geteuid() == 0
    configuration = make_configuration(size=8)
    for number in range(tries):
        path = folder / f"{number}.pt"
        save_checkpoint(path, configuration, [1.0], [1.0])
        os.chmod(path, random.choice([0o600, 0o640, 0o644, 0o666, 0o755]))
        if is_root:
            os.chown(path, random.randrange(2000), random.randrange(2000))
        before = path.stat()
        name = path
        for step in range(random.randrange(3)):  # links to links
            link = folder / f"{number}.{step}.link"
            link.symlink_to(name)
            name = link
        save_checkpoint(name, configuration, [1.0] * 2, [1.0] * 2)
        after = path.stat()
        lost += (
            stat.S_IMODE(before.st_mode) != stat.S_IMODE(after.st_mode)
            or (before.st_uid, before.st_gid) != (after.st_uid, after.st_gid)
            or (name != path and not name.is_symlink())
            or read_checkpoint(path)["epoch"] != 2
        )
    return Row(
        "saves over links, modes" + (", owners" if is_root else ""),
        tries,
        f"{lost} not kept",
        "",
        lost == 0,
    )


# ------------------------------------------------------------ foreign files


def joined_files(tries, folder) -> Row:
    """Append a file to another, or put a part into one twice."""
    path = folder / "joined.pt"
    contents, truths = [], []
    for fill in (0.25, 0.75):
        save_checkpoint(path, make_configuration(8, fill), [0.5], [0.25])
        contents.append(path.read_bytes())
        truths.append(read_checkpoint(path))
    accepted = plain = 0
    for _ in range(tries):
        if random.random() < 0.5:
            gap = bytes(random.choice([0, 0, 1, 64]))
            content = flipped(contents[0]) + gap + contents[1]
        else:
            content = doubled(*contents)
        path.write_bytes(content)
        try:
            read_checkpoint(path)
            accepted += 1
        except CheckpointError:
            pass
        with contextlib.suppress(Exception):
            plain += not same(read_plainly(path), truths[1])
    return Row(
        "appended and doubled archives",
        tries,
        f"{accepted} accepted",
        f"{plain} load other values",
        accepted == 0,
    )


def flipped(content: bytes) -> bytes:
    """Return the bytes as they are, or with one bit changed."""
    if random.random() < 0.5:
        return content
    data = bytearray(content)
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def doubled(other: bytes, content: bytes) -> bytes:
    """Put one part of another file into a file that has one of that name."""
    with zipfile.ZipFile(io.BytesIO(other)) as source:
        names = [name for name in source.namelist() if "/data/" in name]
        name = random.choice(names)
        part = source.read(name)
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as target:
        target.writestr(name, part)
    return buffer.getvalue()


BOMBS = {
    "array": b"cbuiltins\nbytearray\n(J\x00\x5e\xd0\xb2tR",
    "lists": b"(" + b"]" * 6_000_000 + b"l",
    "dictionaries": b"(" + b"}" * 6_000_000 + b"l",
    "numbers": b"(" + b"K\x01" * 6_000_000 + b"l",
    "depth": b"]" * 3_000_000 + b"a" * 2_999_999,
    # each list holds the one before twice: 2**50 ways lead to the first
    "ways": b"]q\x00" + b"](h\x00h\x00eq\x00" * 50,
}
MEASURED = """
import sys, time, psutil, threading
from helpers.checkpoints import read_checkpoint
from helpers.errors import CheckpointError
process = psutil.Process()
for path in sys.argv[1:]:
    before = most = process.memory_info().rss
    done = threading.Event()
    def watch():
        global most
        while not done.wait(0.01):
            most = max(most, process.memory_info().rss)
    thread = threading.Thread(target=watch)
    thread.start()
    start = time.perf_counter()
    try:
        read_checkpoint(path)
        word = "loaded"
    except CheckpointError:
        word = "refused"
    seconds = time.perf_counter() - start
    done.set()
    thread.join()
    print(word, seconds, (most - before) / 2**20, flush=True)
"""
MOST_MEGABYTES, MOST_SECONDS = 500, 60


def hostile_files(tries, folder) -> Row:
    """Read small files that would fill the memory or never end."""
    path = folder / "hostile.pt"
    save_checkpoint(path, make_configuration(8), [0.5], [0.25])
    state, content = read_checkpoint(path), path.read_bytes()
    large = torch.zeros(1_000_000)
    state["model_state_dict"] = {f"w{i}": large[:] for i in range(5000)}
    torch.save(state, path)
    paths = [path]
    for name in list(BOMBS)[: tries - 1]:
        paths.append(folder / f"{name}.pt")
        paths[-1].write_bytes(with_pickle(content, BOMBS[name]))
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    found = [line.split() for line in done.stdout.splitlines()]
    n_loaded = sum(word != "refused" for word, _, _ in found)
    seconds = max(float(line[1]) for line in found)
    megabytes = max(float(line[2]) for line in found)
    return Row(
        "hostile files",
        len(found),
        f"{n_loaded} load, {seconds:.1f} s and {megabytes:.0f} MB at most",
        "",
        len(found) == len(paths)
        and n_loaded == 0
        and seconds < MOST_SECONDS
        and megabytes < MOST_MEGABYTES,
    )


def with_pickle(content: bytes, steps: bytes) -> bytes:
    """Put another pickle into an archive."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(buffer, "w") as target,
    ):
        for name in source.namelist():
            part = source.read(name)
            if name.endswith("/data.pkl"):
                part = b"\x80\x02" + steps + b"."
            target.writestr(name, part)
    return buffer.getvalue()


# -------------------------------------------------- in the same process


def interrupts_at_every_line(tries, folder) -> Row:
    """Interrupt each line of a step, and some of everything that it calls."""
    path = interrupting.save(folder)
    inexact = n_tried = 0
    for places, wanted in (
        (interrupting.STEP, None),
        (interrupting.EVERYWHERE, tries),
    ):
        straight, n_lines = interrupting.train_interrupted(path, places=places)
        lines = range(1, n_lines + 1)
        if wanted is not None:
            lines = random.sample(lines, min(wanted, n_lines))
        for at in lines:
            outcome, _ = interrupting.train_interrupted(path, at, places)
            inexact += outcome is None or not same(outcome, straight)
            n_tried += 1
    return Row(
        "Ctrl-C at a line, resume in the process",
        n_tried,
        f"{inexact} inexact (of a step every line, {tries} of the others)",
        "",
        inexact == 0,
    )
