"""The map of the loop says what the loop does when it runs."""

import re
import sys

import pytest

from helpers.authoring import loop_map as page_of_map
from helpers.course import chapters
from helpers.datasets.line import generate_data
from helpers.page import loop_map
from tests.tools import NOTEBOOKS, ROOT, configure, read, version

STEPS = {
    "perform_train_step_fn": "train_step_fn",
    "perform_val_step_fn": "val_step_fn",
}
TEXT = "\n".join(
    cell.source for cell in read(NOTEBOOKS / "map_of_the_loop.ipynb").cells
)


def calls_while(run) -> set[tuple[str, str]]:
    """Run something; return which function of ours ran inside which.

    Not which called it: the pipeline looks at the first batches in between.
    """
    seen = set()

    def note(frame, event, _):
        if event != "call" or "helpers" not in frame.f_code.co_filename:
            return
        name = STEPS.get(frame.f_code.co_name, frame.f_code.co_name)
        outer = frame.f_back
        while outer is not None:
            seen.add((outer.f_code.co_name, name))
            outer = outer.f_back

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return seen


@pytest.mark.parametrize(("model", "training"), [(2, 4), (3, 6)])
def test_who_calls_whom_is_what_happens(model, training):
    """What is drawn between our own functions is what a run shows."""
    pairs = set(loop_map.calls_of(f"v{model}", f"v{training}"))
    data = version("data_preparation", 2).prepare_data(*generate_data())
    train = version("model_training", training).train
    configurations = []
    seen = calls_while(lambda: configurations.append(configure(model)))
    seen |= calls_while(lambda: train(configurations[0], *data, n_epochs=1))
    names = {"make_train_step_fn", "make_val_step_fn", "mini_batch"}
    names |= set(STEPS.values())
    drawn = {pair for pair in pairs if pair[1] in names}
    returned = {("make_train_step_fn", "train_step_fn")}
    returned |= {("make_val_step_fn", "val_step_fn")}
    assert returned <= drawn
    assert drawn - returned <= seen
    # and nothing is left out
    callers = {caller for caller, _ in drawn}
    assert drawn - returned == {
        (caller, called)
        for caller, called in seen
        if called in names and caller in callers
    } - {("train", "train_step_fn"), ("train", "val_step_fn")}


def test_a_step_calls_its_five_parts():
    pairs = loop_map.calls_of("v3", "v6")
    step = [called for caller, called in pairs if caller == "train_step_fn"]
    assert step == [
        *("model.train", "model", "loss_fn", "loss.backward"),
        *("optimizer.step", "optimizer.zero_grad", "loss.item"),
    ]


def test_without_validation_no_step_for_it_is_drawn():
    pairs = loop_map.calls_of("v1", "v3")
    assert ("mini_batch", "train_step_fn") in pairs
    assert not any("val_step_fn" in called for _, called in pairs)


@pytest.mark.parametrize("stage", loop_map.STAGES)
def test_every_version_stands_on_the_page_with_its_links(stage):
    files = sorted((ROOT / "helpers" / stage).glob("v*.py"))
    assert [v.path for v in loop_map.versions(stage)] == sorted(
        files, key=lambda path: int(path.stem[1:])
    )
    for path in files:
        source = f"[{path.stem}](../helpers/{stage}/{path.name})"
        (row,) = re.findall(rf"(?m)^\| {re.escape(source)} \| .*$", TEXT)
        link = r"\[(\d\d), \*.+\*\]\((\d\d)_\w+\.ipynb#cell-id="
        chapter = re.search(link, row)
        assert chapter and chapter[1] == chapter[2], row


def test_a_version_is_built_no_later_than_the_course_says():
    stages = ("data_preparation", "model_configuration", "model_training")
    for place, stage in enumerate(stages):
        for one in loop_map.versions(stage):
            row = next(
                line
                for line in TEXT.splitlines()
                if line.startswith(f"| [{one.name}](../helpers/{stage}/")
            )
            built = re.search(r"\[(\d\d), \*", row)[1]
            keys = [
                page.key
                for page in chapters()
                if page.versions[place] == one.name
            ]
            # version 7 of the configuration is passed by within a chapter
            assert not keys or built <= keys[0], row


def test_functions_lead_to_the_files_that_define_them():
    rows = re.findall(r"(?m)^\| \[`(\w+)`\]\(\.\./(.+?)\) \| (.+?) \|", TEXT)
    assert len(rows) > 20
    for name, file, words in rows:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"(?m)^(def|class) {name}\b", text), (name, file)
        assert words.split(".")[0] in " ".join(text.split()), name


def test_a_name_that_a_module_lacks_is_refused():
    with pytest.raises(LookupError, match="no_such_name"):
        page_of_map._definition("helpers.step_functions", "no_such_name")
