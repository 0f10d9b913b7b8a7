"""Execute pages from a fresh kernel and store them in one normal form.

    python -m helpers notebooks                          every page
    python -m helpers notebooks notebooks/03_*.ipynb     some pages

This is `make notebooks`. A page that fails keeps its old file.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode, from_dict

from helpers.authoring.boxes import exercise_in_box, with_boxes
from helpers.authoring.navigation import (
    METADATA,
    all_files,
    bring_up_to_date,
    read_page,
    write_page,
)
from helpers.paths import missing_course

PURPOSE = "Execute pages from a fresh kernel and store them in one form."
CELL_TIMEOUT = 120  # seconds
# A cell with this tag is stored without output: it differs at every run.
NO_OUTPUT = "no-stored-output"
# The output of a cell with this tag is stored folded: a reader predicts first.
PREDICT = "predict"
# The statement of an exercise, its stub and its check have this tag.
EXERCISE = "exercise"


def main(arguments: list[str] | None = None) -> int:
    """Execute the pages named, or all; return how many failed."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers notebooks", description=PURPOSE
    )
    parser.add_argument("pages", nargs="*", type=Path, help="default: all")
    parser.add_argument(
        "--dry-run", action="store_true", help="execute them, store nothing"
    )
    options = parser.parse_args(arguments)
    paths = options.pages
    no_course = missing_course()
    if no_course and not paths:
        parser.error(no_course)
    paths = paths or all_files()
    failed = 0
    with tempfile.TemporaryDirectory() as runs:
        # as in the tests: no bar in stored outputs, no reader's run touched
        os.environ.update(
            TQDM_DISABLE="1",
            TRAINING_LOOP_RUNS=runs,
            TRAINING_LOOP_PROGRESS="off",
        )
        for number, path in enumerate(paths, start=1):
            start = time.perf_counter()
            error = execute(path, stored=not options.dry_run)
            seconds = time.perf_counter() - start
            print(
                f"[{number}/{len(paths)}] {path.name}: "
                f"{error or 'done'} ({seconds:.1f} s)",
                flush=True,
            )
            failed += error is not None
    return failed


def execute(path: Path, stored: bool = True) -> str | None:
    """Execute one page and store it; return what went wrong, if anything.

    Args:
        path: of the page.
        stored: whether the page is stored; else it is only executed.
    """
    page = read_page(path)
    bring_up_to_date(page, path)
    client = NotebookClient(
        page,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        # else it warns of its own TCP ports, which are on loopback
        extra_arguments=["--IPKernelApp.log_level=40"],
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return f"failed, and is stored as it was\n{error}"
    if not stored:
        return None
    normalise(page)
    nbformat.validate(page)
    write_page(page, path)
    return None


def normalise(page: NotebookNode) -> None:
    """Remove from a page what depends on when and where it was executed."""
    page.metadata = from_dict(METADATA)
    page.nbformat, page.nbformat_minor = 4, 5
    for cell in page.cells:
        tags = sorted(cell.metadata.get("tags", []))
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
        if cell.cell_type == "markdown":
            if EXERCISE in tags:
                cell.source = exercise_in_box(cell.source)
            cell.source = with_boxes(cell.source)
        if PREDICT in tags:
            cell.metadata["jupyter"] = {"outputs_hidden": True}
        if cell.cell_type == "code":
            outputs = [] if NO_OUTPUT in tags else cell.outputs
            cell.outputs = _joined([_normal_output(one) for one in outputs])


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join what was printed in pieces: where it is cut depends on the time."""
    joined: list[NotebookNode] = []
    for output in outputs:
        name = output.get("name")
        if name and joined and joined[-1].get("name") == name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _normal_output(output: NotebookNode) -> NotebookNode:
    if output.output_type == "error":
        # the frames name files of this machine; the message says it all
        output.traceback = [f"{output.ename}: {output.evalue}"]
    if output.output_type in ("display_data", "execute_result"):
        # a widget lives with its kernel; its text form is what can be kept
        output.data.pop("application/vnd.jupyter.widget-view+json", None)
        output.metadata = NotebookNode()
    return output
