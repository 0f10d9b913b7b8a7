"""What exercise 08.3 leaves behind when something goes wrong."""

from helpers.check.chapter_08.saved_file import (
    content_of,
    judge_content,
    others_of,
    state_of,
)
from helpers.practice import Seen, judge
from helpers.practice.probes.troubles import Trouble

TROUBLE = {
    "half_a_file": lambda s: s.now != s.old and s.old is None,
    "old_file_lost": lambda s: s.now is None and s.old is not None,
    "old_file_lost.changed": lambda s: s.now != s.old,
    "swallows": lambda s: s.error is None,
    "hides_the_error": lambda s: isinstance(s.error, FileNotFoundError),
    "hides_the_error.of_ctrl_c": lambda s: s.is_ctrl_c and not s.is_stop,
}
LEFT = {
    "touches_others": lambda s: s.others - s.others_now,
    "leftover_after_ctrl_c": lambda s: s.others_now != s.others and s.is_stop,
    "leftover_after_error": lambda s: s.others_now != s.others,
}


def judge_trouble(answer, folder, trouble: Trouble, number: int) -> None:
    """Save while something goes wrong; look at the file and the error.

    Args:
        answer: takes a state and a path.
        folder: where the older file is `checkpoint.pt`, and no `first.pt`.
        trouble: what goes wrong.
        number: of the state, unlike that of the older file.

    Raises:
        Wrong: the older file, the error, or the folder is not as it should be.
    """
    path = folder / ("checkpoint.pt" if trouble.has_old else "first.pt")
    seen = Seen(name=path.name, old=content_of(path), others=others_of(path))
    state = trouble.in_state(state_of(number))
    seen.error, is_met = trouble.happen(lambda: answer(state, path), path)
    seen.now, seen.others_now = content_of(path), others_of(path)
    seen.is_ctrl_c = trouble.is_ctrl_c
    seen.is_stop = isinstance(seen.error, KeyboardInterrupt)
    is_saved = seen.now not in (None, seen.old) and seen.error is None
    if is_met and is_saved and trouble.is_over_soon:
        judge_content(path, number)  # a second try helped
    elif is_met:
        judge(TROUBLE, seen, what=trouble.what)
    elif seen.error is not None:
        raise seen.error
    judge(LEFT, seen, what=trouble.what)
