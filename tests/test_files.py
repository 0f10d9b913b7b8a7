"""Files written whole: by many at once, through links, with their mode."""

import contextlib
import errno
import multiprocessing
import os
import stat
import threading
import time

import pytest

from helpers import files
from helpers.errors import CourseError, ModelFileError
from helpers.files import as_path, read_whole, write_whole
from tests.tools import assert_one_sentence

SIZE = 200_000
needs_posix = pytest.mark.skipif(os.name != "posix", reason="modes, forks")


def one_letter(number):
    return bytes([65 + number]) * SIZE


def is_whole(content):
    return len(content) == SIZE and len(set(content)) == 1


def parts(folder):
    return [name for name in os.listdir(folder) if name.endswith(".part")]


def test_a_file_is_written_and_its_folders_made(tmp_path):
    path = tmp_path / "new" / "folder" / "file.bin"
    write_whole(path, b"content")
    assert path.read_bytes() == b"content"
    assert os.listdir(path.parent) == ["file.bin"]


def test_the_caller_chooses_the_error(tmp_path):
    for wrong in (tmp_path, tmp_path / "file" / "below", None, ""):
        (tmp_path / "file").write_bytes(b"x")
        with pytest.raises(ModelFileError) as caught:
            write_whole(wrong, b"content", ModelFileError)
        assert_one_sentence(caught.value)
        with pytest.raises(ModelFileError):
            read_whole(wrong, ModelFileError)


# ------------------------------------------------------------ many at once


def test_three_threads_write_one_path(tmp_path):
    path = tmp_path / "file.bin"
    write_whole(path, one_letter(0))
    failed, torn, done = [], [], threading.Event()

    def write(number):
        for _ in range(25):
            try:
                write_whole(path, one_letter(number))
            except CourseError as error:
                failed.append(error)

    def read():
        while not done.is_set():
            if not is_whole(path.read_bytes()):
                torn.append(1)
            time.sleep(0.0005)  # leaves Python to the writers

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(n,)) for n in (1, 2, 3)]
    for thread in [reader, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert (len(failed), len(torn)) == (0, 0)
    assert is_whole(path.read_bytes())
    assert not parts(tmp_path)


def _write_as_process_one(path, number, results):
    # two containers that share a folder: both programs are number 1 in theirs
    os.getpid = lambda: 1
    failed = torn = 0
    for _ in range(25):
        try:
            write_whole(path, one_letter(number))
        except CourseError:
            failed += 1
        torn += not is_whole(path.read_bytes())
    results.put((failed, torn))


@needs_posix
def test_two_processes_of_one_number_write_one_path(tmp_path):
    path = tmp_path / "file.bin"
    write_whole(path, one_letter(0))
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    processes = [
        context.Process(target=_write_as_process_one, args=(path, n, results))
        for n in (1, 2)
    ]
    for process in processes:
        process.start()
    found = [results.get() for _ in processes]
    for process in processes:
        process.join()
    assert found == [(0, 0), (0, 0)]
    assert not parts(tmp_path)


def test_only_old_left_overs_are_removed(tmp_path):
    path = tmp_path / "check[point].pt"
    old = [f".{path.name}.0a1b2c3d.part", f".{path.name}.4711.part"]
    kept = [
        f".{path.name}.11111111.part",  # of a process that saves just now
        f".{path.name}.notes.part",
        ".other.pt.0a1b2c3d.part",
    ]
    for name in [*old, *kept]:
        (tmp_path / name).write_bytes(b"half")
    long_ago = time.time() - 2 * files.LEFT_OVER_AFTER
    for name in [*old, *kept[1:]]:
        os.utime(tmp_path / name, (long_ago, long_ago))
    write_whole(path, b"new")
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, *kept])


# ------------------------------------------------- what was there before


@needs_posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o755])
def test_the_mode_is_kept(mode, tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    os.chmod(path, mode)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@needs_posix
def test_a_new_file_has_the_mode_that_new_files_have(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    write_whole(tmp_path / "file.bin", b"new")
    modes = [(tmp_path / n).stat().st_mode for n in ("plain", "file.bin")]
    assert modes[0] == modes[1]


@needs_posix
def test_a_private_file_is_private_while_it_is_written(tmp_path, monkeypatch):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    os.chmod(path, 0o600)
    seen = []
    fsync = os.fsync

    def look(descriptor):
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    write_whole(path, b"new")
    assert seen == [0o600]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root"
)
def test_the_owner_is_kept(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    os.chown(path, 1234, 4321)
    write_whole(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 4321)


@needs_posix
def test_a_write_protected_file_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    # root may write to everything, so the system's answer is given here
    monkeypatch.setattr(os, "access", lambda where, how: how != os.W_OK)
    with pytest.raises(CourseError, match="write-protected"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"


@needs_posix
def test_links_are_followed(tmp_path):
    target = tmp_path / "elsewhere" / "real.bin"
    target.parent.mkdir()
    target.write_bytes(b"old")
    link, chain = tmp_path / "link", tmp_path / "chain"
    link.symlink_to(target)
    chain.symlink_to(link)
    for path, content in ((link, b"one"), (chain, b"two")):
        write_whole(path, content)
        assert path.is_symlink()
        assert target.read_bytes() == content
    dangling = tmp_path / "dangling"
    dangling.symlink_to("elsewhere/not yet.bin")
    write_whole(dangling, b"three")
    assert dangling.is_symlink()
    assert (target.parent / "not yet.bin").read_bytes() == b"three"
    assert not parts(tmp_path) and not parts(target.parent)


@needs_posix
def test_what_is_not_a_file_stays(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    for name in ("fifo", "folder", "circle"):
        with pytest.raises(CourseError) as caught:
            write_whole(tmp_path / name, b"new")
        assert_one_sentence(caught.value)
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert sorted(os.listdir(tmp_path)) == ["circle", "fifo", "folder"]


@pytest.mark.parametrize("name", ["n" * 255, "ä" * 127])
def test_the_longest_names_work(name, tmp_path):
    try:
        (tmp_path / name).write_bytes(b"old")
    except OSError:
        pytest.skip("this file system allows shorter names only")
    write_whole(tmp_path / name, b"new")
    assert (tmp_path / name).read_bytes() == b"new"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize(
    "raised", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space")]
)
def test_a_write_that_fails_leaves_the_old_file(
    function, raised, tmp_path, monkeypatch
):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")

    def fails(*args, **kwargs):
        raise raised

    monkeypatch.setattr(os, function, fails)
    expected = KeyboardInterrupt
    if isinstance(raised, OSError):
        expected = CourseError
    with pytest.raises(expected):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.bin"]


# ------------------------------------------------------------------ reading


def test_what_cannot_be_read_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "empty").write_bytes(b"")
    wrong = [tmp_path, tmp_path / "empty", tmp_path / "none", 3, None, "a\0b"]
    if os.name == "posix":
        os.mkfifo(tmp_path / "fifo")
        wrong += [tmp_path / "fifo", "/dev/zero", b"bytes"]
    for path in wrong:
        with pytest.raises(CourseError) as caught:
            read_whole(path)
        assert_one_sentence(caught.value)


@needs_posix
def test_a_file_larger_than_the_memory_is_not_read(tmp_path):
    path = tmp_path / "huge"
    path.touch()
    with contextlib.suppress(OSError):  # no room needed: it is one hole
        os.truncate(path, 2**43)
    if path.stat().st_size < 2**43:
        pytest.skip("this file system has no files of 8 TB")
    with pytest.raises(CourseError, match="memory"):
        read_whole(path)


def test_paths_as_text_and_as_paths(tmp_path):
    assert as_path(str(tmp_path / "a")) == as_path(tmp_path / "a")
