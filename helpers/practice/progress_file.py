"""Which exercises are solved: one small file, `runs/progress.jsonl`.

Each line is one thing that happened, in JSON. Lines are only ever appended, so
that two pages open at once do not overwrite each other. Nothing is written
while pages are tested (`TRAINING_LOOP_PROGRESS=off`).
"""

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

from helpers.paths import RUNS, display_path
from helpers.practice.exercises import Exercise, all_exercises
from helpers.practice.verdict import Verdict

# Solved or answered since this kernel started, also where nothing is written.
_now: set[str] = set()
_is_on = True


def file() -> Path:
    """Return the path of the progress file."""
    return RUNS / "progress.jsonl"


def switch_off() -> None:
    """Write nothing down from here on: what a solution solves is not yours."""
    global _is_on
    _is_on = False


def note(entry: Exercise, verdict: Verdict) -> Verdict:
    """Note a solved exercise.

    Returns:
        the verdict, with how far the reader is in this chapter, and with what
        went wrong while noting it.
    """
    if not verdict.solved:
        return verdict
    trouble = note_solved(entry.number)
    parts = [*verdict.parts, ("", _how_far(entry))]
    if trouble:
        parts.append(("Not noted", trouble))
    return replace(verdict, parts=tuple(parts))


def _how_far(entry: Exercise) -> str:
    """Say how much of a chapter or challenge is solved, and what is next."""
    done, _ = solved()
    same = [one for one in all_exercises() if one.page == entry.page]
    left = [one for one in same if one.number not in done]
    place = "challenge" if entry.page.startswith("C") else "chapter"
    if not left:
        return f"That was all of this {place}: {len(same)} of {len(same)}."
    later = [one for one in left if one.number > entry.number]
    following = (later or left)[0]
    return (
        f"{len(same) - len(left)} of {len(same)} in this {place}. "
        f"Next: {following.number} · {following.title}."
    )


def note_solved(key: str) -> str:
    """Note an exercise ("01.2") or a quiz question ("quiz 01/closure").

    Returns:
        "" or a sentence about what went wrong. Nothing is raised: what counts
        is that the reader solved it.
    """
    is_new = key not in solved()[0]
    _now.add(key)
    is_off = os.environ.get("TRAINING_LOOP_PROGRESS") == "off"
    if is_off or not _is_on or not is_new:
        return ""
    entry = {"solved": key, "on": date.today().isoformat()}
    try:
        file().parent.mkdir(parents=True, exist_ok=True)
        with open(file(), "a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")
    except OSError as error:
        return (
            f"{display_path(file())} could not be written ({error.strerror}). "
            "Your answer is right all the same."
        )
    return ""


def solved() -> tuple[set[str], str]:
    """Read what is solved.

    Returns:
        the exercises and questions that are, and "" or a sentence about the
        file: a damaged one is set aside, and what can be read of it is kept.
    """
    try:
        content = file().read_bytes()
    except FileNotFoundError:
        return set(_now), ""
    except OSError as error:
        reason = f"{display_path(file())} cannot be read: {error.strerror}."
        return set(_now), reason
    lines = content.splitlines()
    keys = [_key_of(line) for line in lines if line.strip()]
    good = {key for key in keys if key}
    trouble = "" if all(keys) else _set_aside(content, good)
    return good | _now, trouble


def _key_of(line: bytes) -> str | None:
    """Return what a line says was solved; None if it is damaged."""
    try:
        key = json.loads(line.decode("utf-8"))["solved"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return key if isinstance(key, str) and 0 < len(key) < 100 else None


def _set_aside(content: bytes, good: set[str]) -> str:
    """Keep a damaged file under another name, and go on with a good one."""
    number, aside = 1, file().with_name("progress_damaged_1.jsonl")
    while aside.exists():
        number += 1
        aside = file().with_name(f"progress_damaged_{number}.jsonl")
    part = file().with_name(f".progress.{os.getpid()}.part")
    today = date.today().isoformat()
    lines = [json.dumps({"solved": key, "on": today}) for key in sorted(good)]
    try:
        aside.write_bytes(content)
        part.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        os.replace(part, file())
    except OSError as error:
        return (
            f"{display_path(file())} is damaged, and could not be set aside "
            f"({error.strerror}). What can be read of it counts."
        )
    return (
        f"{display_path(file())} was damaged. It is kept as "
        f"{display_path(aside)}; {len(good)} entries could be read and count "
        "on."
    )
