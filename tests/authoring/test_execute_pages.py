"""Executing a page: one normal form, and a page that fails stays as it was."""

import os

import nbformat
import pytest

from helpers.authoring import execute_pages

PIECES = """
import sys, time
for word in ("one", "two", "three"):
    print(word)
    sys.stdout.flush()
    time.sleep(0.3)
print("aside", file=sys.stderr)
sys.stderr.flush()
time.sleep(0.3)
print("four")
"""


def write(path, *cells):
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return path


def code(source, *tags):
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["tags"] = list(tags)
    return cell


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = write(
        tmp_path_factory.mktemp("pages") / "page.ipynb",
        nbformat.v4.new_markdown_cell(
            '<div class="box predict">\n\nx\n\n</div>'
        ),
        code(PIECES),
        code("1 + 1", "predict"),
        code("2 + 2", "no-stored-output"),
        code("1 / 0", "raises-exception"),
    )
    assert execute_pages.execute(path) is None
    return nbformat.read(path, 4)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """Executing pages sets these for its own process; here they come back."""
    names = "TQDM_DISABLE", "TRAINING_LOOP_RUNS", "TRAINING_LOOP_PROGRESS"
    for name in names:
        monkeypatch.setenv(name, os.environ.get(name, ""))


def test_what_is_printed_in_pieces_is_stored_as_one(page):
    printed = [(output.name, output.text) for output in page.cells[1].outputs]
    assert printed == [
        ("stdout", "one\ntwo\nthree\n"),
        ("stderr", "aside\n"),
        ("stdout", "four\n"),
    ]


def test_predictions_are_folded_and_boxes_have_their_look(page):
    assert "border-left" in page.cells[0].source
    assert page.cells[2].metadata.jupyter == {"outputs_hidden": True}
    assert "jupyter" not in page.cells[1].metadata


def test_outputs_that_differ_are_left_out_and_errors_are_one_line(page):
    assert page.cells[3].outputs == []
    (error,) = page.cells[4].outputs
    assert error.traceback == ["ZeroDivisionError: division by zero"]
    assert [c.execution_count for c in page.cells[1:]] == [1, 2, 3, 4]


def test_a_page_that_fails_stays_as_it_was(tmp_path, capsys):
    path = write(tmp_path / "fails.ipynb", code("1 / 0"))
    before = path.read_bytes()
    assert execute_pages.main([str(path)]) == 1
    assert "stored as it was" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_a_dry_run_stores_nothing(tmp_path):
    path = write(tmp_path / "page.ipynb", code("1 + 1"))
    before = path.read_bytes()
    assert execute_pages.main(["--dry-run", str(path)]) == 0
    assert path.read_bytes() == before
    assert execute_pages.main([str(path)]) == 0
    assert path.read_bytes() != before
