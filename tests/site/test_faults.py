"""The pages of faults, from the words of the checkers and the watch."""

import re

from helpers.course import parts
from helpers.practice.exercises import all_exercises
from helpers.site import faults


def test_every_exercise_has_its_faults(tmp_path):
    faults.write(tmp_path)
    texts = [p.read_text() for p in sorted((tmp_path / "faults").iterdir())]
    assert len(texts) == len(parts())
    said = "\n".join(texts)
    for entry in all_exercises():
        part = said.partition(f"\n### {entry.name}\n")[2].partition("\n### ")[0]
        assert part.count("**Likely cause:**") >= 2 or (
            "those of many exercises" in part and entry.page[0] == "C"
        ), entry.name
    # nothing is left to fill in (`{lr}` is a name of a run)
    assert not re.search(r"\{(kind|code|numbers|names|shape) \w+", said)


def test_faults_of_many_exercises_and_of_any_loop(tmp_path):
    faults.write(tmp_path)
    text = (tmp_path / "faults.md").read_text()
    shared, of_watch = text.split("## In any loop")
    assert shared.count("**Likely cause:**") > 50
    for words in faults.WATCH.values():
        if "saw" in words:
            start = words["why"].split("{")[0].split("`")[0].strip()
            assert start in of_watch


def test_what_was_seen_is_left_open():
    said = faults._shown("`f({b}, {w:g})` gives {kind value}, not {{}}.")
    assert said == "`f(…, …)` gives …, not {}."
