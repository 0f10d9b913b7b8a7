"""Exercise 08.3: nothing left behind."""

import tempfile
from pathlib import Path

import torch

from helpers.check.chapter_08.saved_file import (
    content_of,
    judge_content,
    others_of,
    state_of,
)
from helpers.check.chapter_08.troubled_save import judge_trouble
from helpers.practice import Seen, call, exercise, judge, wrong
from helpers.practice.probes.files import ANY_FILE, Moments
from helpers.practice.probes.states import same_state
from helpers.practice.probes.troubles import troubles
from helpers.practice.signs import Wrong

AFTERWARDS = {
    "not_replaced.backwards": lambda s: s.new is None and s.old in s.beside,
    "not_replaced": lambda s: s.is_old and s.others_now - s.others,
    "not_there": lambda s: s.new is None,
    "not_there.old": lambda s: s.is_old,
    "touches_others": lambda s: s.others - s.others_now,
}
ON_THE_WAY = {
    "gap": lambda s: any(moment.content is None for moment in s.on_the_way),
    "too_early": lambda s: s.on_the_way and s.is_other and not s.is_aside,
    "in_place": lambda s: s.on_the_way and not s.is_aside,
    "copied": lambda s: s.on_the_way,
    "in_place.overwritten": lambda s: s.old is not None and not s.is_other,
    "other_folder": lambda s: not s.is_aside_before,
    "no_fsync": lambda s: not s.synced,
    "no_flush": lambda s: all(s.new not in sync.beside for sync in s.synced),
}


@exercise
def clean_save(answer):
    """Check ``save_clean(state, path)``.

    It writes a file whole or not at all; whatever goes wrong, the old file
    stays, and nothing else lies in the folder.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name) / "runs"
        folder.mkdir()
        _judge_saving(answer, folder)
        for number, trouble in enumerate(troubles(), start=7):
            judge_trouble(answer, folder, trouble, number)


def _judge_saving(answer, folder: Path) -> None:
    """Save over an old file, again, and where there is none."""
    bystander = folder / "notes.txt"
    bystander.write_text("Mine.", encoding="utf-8")
    # of another training run, which is just being saved
    (folder / "other_training.part").write_bytes(b"Not yet whole.")
    path = folder / "checkpoint.pt"
    torch.save(state_of(1), path)
    for number in (2, 5):
        _judge_one_save(answer, path, number)
    try:
        _judge_one_save(answer, folder / "best.model", 3)
    except FileNotFoundError:
        wrong("needs_old_file")
    if bystander.read_text(encoding="utf-8") != "Mine.":
        wrong("touches_others")
    _judge_after_kill(answer, path)


def _judge_after_kill(answer, path: Path) -> None:
    """Save once more where a kill left behind what was written aside."""
    left = [path.with_suffix(".part"), path.with_name(f"{path.name}.part")]
    for file in left:
        file.write_bytes(b"Not whole, and longer than the next one." * 99)
    try:
        answer(state_of(4), path)
    except FileExistsError:
        wrong("stale_part", what="a `FileExistsError` comes out")
    try:
        judge_content(path, 4)
    except Wrong:
        wrong("stale_part", what="the new checkpoint cannot be loaded")
    for file in left:
        file.unlink(missing_ok=True)


def _judge_one_save(answer, path: Path, number: int) -> None:
    place = path.stat().st_ino if path.exists() else None
    seen = Seen(name=path.name, old=content_of(path), others=others_of(path))
    state = state_of(number)
    with Moments(path) as moments:
        try:
            call(answer, state, path, shown="save_clean(state, path)")
        except FileNotFoundError:
            if content_of(path) in (None, seen.old):
                raise
            wrong("nothing_to_remove")
    seen.new, seen.others_now = content_of(path), others_of(path)
    seen.is_old = seen.new in (None, seen.old)
    seen.beside = moments.seen[-1].beside
    judge(AFTERWARDS, seen)
    seen.place_now = path.stat().st_ino
    seen.is_other = seen.place_now != place
    _judge_way(seen, moments.seen)
    judge_content(path, number)
    if not same_state(state, state_of(number)):
        wrong("changes_state")
    if seen.others_now != seen.others:
        wrong("leftover", seen)
    if not {m.synced for m in seen.synced} & {ANY_FILE, seen.place_now}:
        wrong("no_fsync.of_another")


def _judge_way(seen, moments: list) -> None:
    """Look at every moment of the call, and at those before the new name."""
    at = next(k for k, m in enumerate(moments) if m.content == seen.new)
    before = moments[: at + 1]
    whole = (seen.old, seen.new)
    seen.on_the_way = [m for m in moments if m.content not in whole]
    seen.is_aside = any(seen.new in moment.beside for moment in moments)
    seen.is_aside_before = any(seen.new in moment.beside for moment in before)
    seen.synced = [m for m in before if m.synced is not None]
    n_bytes = [len(moment.content or b"") for moment in seen.on_the_way]
    judge(ON_THE_WAY, seen, n_bytes=min(n_bytes, default=0), n=len(seen.new))
