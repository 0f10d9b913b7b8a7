"""Exercise 08.3: nothing left behind."""

import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import torch

from helpers.check.chapter_08.common import named, names_only, same_state
from helpers.practice.exercises import call, exercise, kind
from helpers.practice.probes.files import Moments, is_rename, is_sync, is_write
from helpers.practice.verdict import wrong

SAFELY = "chapter 08, the section *Saving safely*"


@exercise("08.3", "Nothing left behind", minutes=15, level="hard", look=SAFELY)
def clean_save(save_clean):
    """Check ``save_clean(state, path)``.

    It writes a file whole or not at all; whatever goes wrong, the old file
    stays, and nothing else lies in the folder.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name) / "runs"
        folder.mkdir()
        with names_only(folder):
            _check_saving(save_clean, folder)
            for number, trouble in enumerate(_troubles(), start=7):
                _check_trouble(save_clean, folder, trouble, number)
    return (
        "At every moment a whole file lay under the name, and no trouble left "
        "anything else behind."
    )


def _state(number: int) -> dict:
    values = torch.arange(3.0 * number, 3.0 * number + 3)
    return {
        "epoch": number,
        "model_state_dict": {"weight": values},
        "loss": [1.0 / (k + 1) for k in range(number)],
    }


def _check_saving(save_clean, folder: Path) -> None:
    """Save over an old file, again, and where there is none."""
    bystander = folder / "notes.txt"
    bystander.write_text("Mine.", encoding="utf-8")
    # of another training, which is just being saved
    (folder / "other_training.part").write_bytes(b"Not yet whole.")
    path = folder / "checkpoint.pt"
    torch.save(_state(1), path)
    for number in (2, 5):
        _check_one_save(save_clean, path, number)
    new = folder / "best.model"
    try:
        _check_one_save(save_clean, new, 3)
    except FileNotFoundError:
        wrong(
            "needs_old_file",
            expected="It also saves where no file was before.",
            found="Without an older file: `FileNotFoundError`.",
            cause="The older file is moved, removed or read before the new "
            "one is there. `os.replace` needs no older file.",
        )
    if bystander.read_text(encoding="utf-8") != "Mine.":
        _touched()


def _touched() -> None:
    wrong(
        "touches_others",
        expected="Other files in the folder stay as they are.",
        found="One that has nothing to do with the checkpoint is gone, or "
        "another.",
        cause="The folder is cleaned up too eagerly. Remove the file that you "
        "made, by its name.",
    )


def _check_one_save(save_clean, path: Path, number: int) -> None:
    old = path.read_bytes() if path.exists() else None
    place = path.stat().st_ino if path.exists() else None
    others = _others(path)
    state = _state(number)
    with Moments(path) as moments:
        _call_save(save_clean, state, path, old)
    _expect_new_file(path, old, others)
    if others - _others(path):
        _touched()
    is_other = bool(place) and path.stat().st_ino != place
    _check_moments(moments.seen, old, path.read_bytes(), path.name, is_other)
    if place and not is_other:  # with "r+b", say
        _in_place(path.name, "The old file itself was overwritten.")
    _check_way(moments.seen, path.read_bytes())
    _check_contents(path, number)
    if not same_state(state, _state(number)):
        wrong(
            "changes_state",
            expected="The dictionary that was passed stays as it is.",
            found="Afterwards it is another.",
            cause="Something was put into it or taken out. The training goes "
            "on with it.",
        )
    if _others(path) != others:
        wrong(
            "leftover",
            expected=f"Besides `{path.name}`, the folder holds what it held "
            "before.",
            found="There is something new beside it.",
            cause="The file or folder written aside is still there, or a copy "
            "of the old file. It has to go, or to take the name.",
        )


def _call_save(save_clean, state: dict, path: Path, old) -> None:
    """Call it; a clean-up that fails after all went well gets a name."""
    try:
        call(save_clean, state, path, shown="save_clean(state, path)")
    except FileNotFoundError:
        if not path.is_file() or path.read_bytes() == old:
            raise
        wrong(
            "nothing_to_remove",
            expected="If all goes well, no error comes out.",
            found="The new file has its name, and then a `FileNotFoundError` "
            "comes out.",
            cause="After `os.replace` no file lies aside any more, and the "
            "clean-up misses it. `aside.unlink(missing_ok=True)` does not.",
        )


def _others(path: Path) -> set[str]:
    """Return what else lies in the folder of a file."""
    return {
        other.relative_to(path.parent).as_posix()
        for other in path.parent.rglob("*")
        if other != path
    }


def _expect_new_file(path: Path, old: bytes | None, others: set) -> None:
    now = path.read_bytes() if path.is_file() else None
    if now is not None and now != old:
        return
    expected = f"After the call, `{path.name}` is the new checkpoint."
    if _others(path) - others:
        wrong(
            "not_replaced",
            expected=expected,
            found="The new file lies beside it, under another name.",
            cause="The last step is missing: `os.replace(aside, path)` lets "
            "the file written aside take the name.",
        )
    wrong(
        "not_there",
        expected=expected,
        found=f"{'There is no such file' if now is None else 'It is old'}.",
        cause="Nothing was written, it went to another place than `path`, or "
        "the clean-up removed it.",
    )


def _check_moments(seen, old, new: bytes, name: str, is_other: bool) -> None:
    """Look at all that lay under the name during the call.

    Args:
        seen: the moments.
        old: content before; None if there was no file.
        new: content afterwards.
        name: of the file.
        is_other: whether another file than before has the name now.
    """
    on_the_way = [m for m in seen if m.content not in (old, new)]
    gone = [m for m in on_the_way if m.content is None]
    if gone:
        wrong(
            "gap",
            expected=f"At every moment there is a whole file `{name}`.",
            found="For a while there was none.",
            cause="The old file was removed or renamed before the new one had "
            "its name. A kill in between leaves none. `os.replace` needs no "
            "room: it replaces what is there.",
        )
    if on_the_way:
        part = "a part of it" if on_the_way[0].content else "nothing"
        found = f"For a while there was {part} in it."
        is_aside = any(new in moment.beside for moment in seen)
        if is_other and not is_aside:
            wrong(
                "too_early",
                expected=f"At every moment there is a whole file `{name}`.",
                found=found,
                cause="The file written aside took the name before all was in "
                "it. `os.replace` comes last: after `flush` and `fsync`, and "
                "below the `with` block that closes the file.",
            )
        if not is_aside:
            _in_place(name, found)
        wrong(
            "copied",
            expected=f"At every moment there is a whole file `{name}`.",
            found=found,
            cause="The file written aside was copied over the old one, byte "
            "by byte. `os.replace` changes the name alone, in one step.",
        )


def _check_way(seen, new: bytes) -> None:
    """Look at what happened before the new file had the name."""
    at = next(k for k, moment in enumerate(seen) if moment.content == new)
    before = seen[: at + 1]
    if not any(new in moment.beside for moment in before):
        wrong(
            "other_folder",
            expected="The new file is written aside in the same folder.",
            found="It came from somewhere else.",
            cause="A folder for temporary files may lie on another disk, and "
            "from one disk to another there is no replacing in one step. "
            "`path.with_name(...)` stays in the folder.",
        )
    _check_syncs([moment for moment in before if moment.synced], new)


def _in_place(name: str, found: str) -> None:
    wrong(
        "in_place",
        expected=f"At every moment there is a whole file `{name}`.",
        found=found,
        cause="Opening a file for writing empties it, and a kill may come "
        "before it is full again. Write to another name in the same folder, "
        "and let that take the name at the end.",
    )


def _check_syncs(syncs, new: bytes) -> None:
    if not syncs:
        wrong(
            "no_fsync",
            expected="The new file is on the disk before it takes the name.",
            found="`os.fsync` was not called before.",
            cause="The system keeps what was written in memory for a while. "
            "After a power cut the new name may stand for an empty file. "
            "`os.fsync(file.fileno())` waits for the disk.",
        )
    if not any(new in moment.beside for moment in syncs):
        wrong(
            "no_flush",
            expected="When `os.fsync` is called, all bytes are in the file.",
            found="They were not yet.",
            cause="Python collects small pieces before it writes them. "
            "`file.flush()` hands them on, and has to come before `os.fsync`.",
        )


def _check_contents(path: Path, number: int) -> None:
    try:
        loaded = torch.load(path, weights_only=True)
    except Exception:  # a foreign file raises almost anything
        wrong(
            "not_loadable",
            expected="`torch.load(path, weights_only=True)` reads the file.",
            found="It does not.",
            cause="It was written by `pickle` or as text, in place of "
            "`torch.save`, or not to its end.",
        )
    if not same_state(loaded, _state(number)):
        wrong(
            "other_content",
            expected="The file holds the state as it was given.",
            found=f"It holds a dictionary with {named(list(loaded)[:4])}."
            if isinstance(loaded, dict)
            else f"It holds {kind(loaded)}.",
            cause="Something else was saved, a part of it, or more.",
        )


@dataclass(frozen=True)
class _Trouble:
    """Something that goes wrong in the middle of a save.

    Attributes:
        what: in words, beginning with "If".
        note: a value in the state that makes trouble; None for none.
        fails: the step that fails, as in `Moments`.
        error: what it raises.
        has_old: whether there is an older file.
    """

    what: str
    note: object = None
    fails: object = lambda _function: False
    error: BaseException | None = None
    has_old: bool = True

    @property
    def is_over_soon(self) -> bool:
        """Whether a second try may succeed: a disk is full for a while."""
        return isinstance(self.error, OSError)


class _Interrupts:
    def __reduce__(self):
        raise KeyboardInterrupt


def _troubles() -> list[_Trouble]:
    lock = "the state holds a lock, which cannot be saved"
    steps = {
        "while it writes": is_write,
        "at `os.fsync`": is_sync,
        "at `os.replace`": is_rename,
    }
    errors = {
        "while it writes": OSError(28, "No space left on device"),
        "at `os.fsync`": OSError(28, "No space left on device"),
        # Windows refuses while another program reads the old file
        "at `os.replace`": PermissionError(13, "Permission denied"),
    }
    return [
        _Trouble(f"If {lock}", threading.Lock()),
        _Trouble(
            f"If {lock} (and there is no older file)",
            threading.Lock(),
            has_old=False,
        ),
        *(
            _Trouble(
                f"If the disk is full {when}"
                if fails is not is_rename
                else "If `os.replace` is refused",
                fails=fails,
                error=errors[when],
            )
            for when, fails in steps.items()
        ),
        _Trouble("If Ctrl-C comes during `torch.save`", _Interrupts()),
        *(
            _Trouble(
                f"If Ctrl-C comes {when}",
                fails=fails,
                error=KeyboardInterrupt(),
            )
            for when, fails in steps.items()
        ),
    ]


def _check_trouble(
    save_clean, folder: Path, trouble: _Trouble, number: int
) -> None:
    path = folder / ("checkpoint.pt" if trouble.has_old else "first.pt")
    old = path.read_bytes() if trouble.has_old else None
    others = _others(path)
    state = _state(number)
    if trouble.note is not None:
        state["note"] = trouble.note
    error = None
    with Moments(path, trouble.fails, trouble.error) as moments:
        try:
            save_clean(state, path)
        except (Exception, KeyboardInterrupt) as caught:
            error = caught
    if moments.fired or trouble.note is not None:
        _judge_trouble(trouble, path, old, error, number)
    elif error is not None:
        raise error
    if others - _others(path):
        _touched()
    if _others(path) != others:
        _left_over(trouble, isinstance(error, KeyboardInterrupt))


def _left_over(trouble: _Trouble, is_stop: bool) -> None:
    wrong(
        "leftover_after_ctrl_c" if is_stop else "leftover_after_error",
        expected="Whatever goes wrong, nothing new lies in the folder.",
        found=f"{trouble.what}, a part of the new file stays behind.",
        cause="Ctrl-C raises `KeyboardInterrupt`, which is no `Exception`. "
        "`except BaseException:` or `finally:` sees it, too."
        if is_stop
        else "The step that removes it is missing, or the trouble comes at a "
        "line outside of the `try`. Remove it in an `except` that ends with "
        "`raise`, or in a `finally`.",
    )


def _judge_trouble(trouble: _Trouble, path: Path, old, error, number) -> None:
    """Look at the file and at the error that came out."""
    now = path.read_bytes() if path.is_file() else None
    if now not in (None, old) and error is None and trouble.is_over_soon:
        _check_contents(path, number)  # a second try helped
        return
    if now != old:
        wrong(
            "old_file_lost" if old is not None else "half_a_file",
            expected=f"{trouble.what}, "
            + (
                f"`{path.name}` stays as it was."
                if old is not None
                else "there is no file afterwards."
            ),
            found="It is gone." if now is None else "There is another.",
            cause="The name was given away, or the file was removed, before "
            "all was well. Clean up the file aside, never `path`.",
        )
    if error is None:
        wrong(
            "swallows",
            expected=f"{trouble.what}, the caller gets the error.",
            found="No error came out, and nothing was saved.",
            cause="An `except` without `raise`, or a `return` in a `finally`. "
            "The training would go on for hours without a checkpoint.",
        )
    if isinstance(error, FileNotFoundError):
        wrong(
            "hides_the_error",
            expected=f"{trouble.what}, the caller gets that error.",
            found="A `FileNotFoundError` came out in its place.",
            cause="The clean-up removes a file that was not there yet. "
            "`aside.unlink(missing_ok=True)` minds neither.",
        )
    if "Ctrl-C" in trouble.what and not isinstance(error, KeyboardInterrupt):
        wrong(
            "hides_the_error",
            expected=f"{trouble.what}, the `KeyboardInterrupt` comes out.",
            found=f"In its place came {kind(error)}.",
            cause="`raise` alone passes on what was caught. With another error "
            "nobody knows that the reader wants to stop, and an `except "
            "Exception` further up goes on.",
        )
