"""Judge an answer: never raise, never hang, and leave everything as it was."""

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from helpers.practice import calling, last_cell, sandbox
from helpers.practice.describe import inline_code
from helpers.practice.exercises import Exercise
from helpers.practice.signs import Wrong
from helpers.practice.unfinished import (
    is_unfinished,
    unfinished_helpers,
    unfinished_parts,
)
from helpers.practice.verdict import (
    NOT_STARTED,
    NOT_YET,
    NOTHING_THERE,
    SOLVED,
    Verdict,
)
from helpers.practice.words import Finding, Section, Words, fill

SECONDS = 10.0  # that an answer may take, all probes together


def judge_answer(
    entry: Exercise, look_at: Callable, answer: Sequence, named: dict[str, Any]
) -> Verdict:
    """Judge an answer with the checker of its exercise.

    Args:
        entry: the exercise.
        look_at: takes the answer, and raises `Wrong` where something is.
        answer: what the page passed, one value or several.
        named: what it passed by name.
    """
    answers = (*answer, *named.values())
    words = Words(entry.path)
    if not answers:
        mistake = Wrong("nothing_passed", {"checker": look_at.__name__})
        return _verdict(entry, words.put(mistake))
    if last_cell.failed():
        seen = {"error": last_cell.failed()}
        return _verdict(entry, words.put(Wrong("cell_failed", seen)))
    try:
        not_started = all(map(is_unfinished, answers))
        with sandbox.same_world(*answers) as world:
            outcome = _outcome(entry, words, look_at, answer, named)
        if isinstance(outcome, Finding) and not_started:
            # only now: what looks like a stub may be right all the same
            return _show(entry, NOT_STARTED, "", [("", NOTHING_THERE)])
        if isinstance(outcome, Finding):
            likelier = _likelier(entry, look_at, outcome, world.changed, answer)
            outcome = words.put(likelier) if likelier else outcome
            outcome = _with_names_read(words, outcome, world.reached.read)
    except Exception as error:  # a very strange answer, or a fault of ours
        outcome, world = words.put(calling.baffled(error)), None
    return _verdict(entry, outcome, world.output.getvalue() if world else "")


def _outcome(
    entry: Exercise, words: Words, look_at: Callable, answer, named
) -> str | Finding:
    """Run the checker; return what to say of a right answer, or a Finding.

    A mistake is put into words here, before what the answer changed is put
    back, so that the words show what was seen.
    """
    seconds = SECONDS * entry.patience
    try:
        said = sandbox.run_with_limit(
            lambda: look_at(*answer, **named), seconds
        )
        if isinstance(said, Mapping):
            return fill(entry.solved, said)
        return said or " ".join(entry.solved.split())
    except Wrong as mistake:
        return words.put(mistake)
    except sandbox.TimeUp:
        return words.put(Wrong("too_slow", {"seconds": seconds}))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit of the answer, too
        is_theirs = calling.line_of(error)
        explain = calling.raised if is_theirs else calling.baffled
        return words.put(explain(error))


def _likelier(
    entry: Exercise, look_at: Callable, outcome: Finding, changed, answers
) -> Wrong | None:
    """Return a likelier reason for what is wrong, where there is one."""
    seen: dict[str, Any] = dict(vars(outcome))
    left = _left_for_later(entry, look_at, answers)
    if left:  # only now: a right answer may have a method that does nothing
        return Wrong("unfinished", {**seen, "part": left[0]})
    empty = [name for one in answers for name in unfinished_helpers(one)]
    if empty:
        return Wrong("needs_other", {**seen, "part": empty[0]})
    if len(answers) == 1 and _has_other_order(entry.call, answers[0]):
        return Wrong("parameters_in_other_order", {**seen, "call": entry.call})
    if changed and outcome.diagnosis != "shared":
        return Wrong("uses_page_objects", {**seen, "changed": changed[:3]})
    return None


def _with_names_read(words: Words, outcome: Finding, read) -> Finding:
    """Add to the cause which data of the page the answer reads."""
    if not read or outcome.diagnosis == "uses_page_objects":
        return outcome
    seen = {**vars(outcome), "read": read[:3]}
    cause = words.put(Wrong("reads_page_objects", seen)).cause
    return dataclasses.replace(outcome, cause=cause)


def _left_for_later(entry: Exercise, look_at: Callable, answers) -> list[str]:
    """Return the names of answers, and of methods, that are still empty."""
    names = list(inspect.signature(look_at).parameters)
    if names == ["answer"]:
        names = [entry.call.partition("(")[0] or "It"]
    pairs = zip(names, answers, strict=False)
    whole = [name for name, one in pairs if is_unfinished(one)]
    return whole + [part for one in answers for part in unfinished_parts(one)]


def _has_other_order(call: str, answer) -> bool:
    """Whether an answer takes the arguments of the statement, reordered."""
    wanted = re.findall(r"\w+", call.partition("(")[2])
    try:
        found = list(inspect.signature(answer).parameters)
    except (TypeError, ValueError):
        return False
    return found != wanted and sorted(found) == sorted(wanted)


def _verdict(
    entry: Exercise, outcome: str | Finding, printed: str = ""
) -> Verdict:
    if isinstance(outcome, str):
        parts = [("", outcome)] if outcome else []
        return _show(entry, SOLVED, "", parts)
    look = outcome.look or entry.look
    where = (
        f"{look.as_markdown(entry.prefix)}."
        if isinstance(look, Section)
        else "The statement of the exercise."
    )
    parts = [
        ("Expected", outcome.expected),
        ("Found", outcome.found),
        ("Likely cause", outcome.cause),
        ("Where to look", where),
    ]
    if printed.strip():
        shown = inline_code(calling.without_temporary(printed.strip()))
        parts.append(("Your code printed", shown))
    return _show(entry, NOT_YET, outcome.diagnosis, parts)


def _show(entry: Exercise, state: str, diagnosis: str, parts: list) -> Verdict:
    """Return a verdict, with what helps folded away below it."""
    aid = entry.help
    solution = ""
    if aid.solution:
        solution = f"```python\n{aid.solution.strip()}\n```\n\n{aid.remark}"
    hints = () if state == SOLVED else aid.hints
    return Verdict(
        entry.name, state, diagnosis, tuple(parts), hints, solution.strip()
    )
