"""What JupyterLab saves of a page holds without a kernel or a server."""

import json

import nbformat
import pytest
from jupyter_server.services.contents.filemanager import FileContentsManager
from traitlets.config import Config

from helpers.page.saving import FRAME_NOTE, WIDGET, before_saving
from tests.tools import ROOT

HOOK = "helpers.page.saving.before_saving"
QUIZ = {WIDGET: {"model_id": "1"}, "text/html": "<p>A quiz</p>"}
BAR = {WIDGET: {"model_id": "2"}, "text/plain": "epochs: 0%"}
FRAME = {"text/html": ['<iframe id="tensorboard-frame-1f">', "</iframe>"]}
PICTURE = {"text/html": '<img alt="a line">', "text/plain": "Figure"}


def shown(data):
    return nbformat.from_dict(
        {"output_type": "display_data", "metadata": {}, "data": data}
    )


def page_with(*outputs):
    cell = nbformat.v4.new_code_cell("1", outputs=list(outputs))
    text = nbformat.v4.new_markdown_cell("words")
    return nbformat.v4.new_notebook(cells=[text, cell])


def saved(folder, page):
    """Save a page as JupyterLab does, and read the file back."""
    config = Config({"ContentsManager": {"pre_save_hook": HOOK}})
    manager = FileContentsManager(root_dir=str(folder), config=config)
    manager.save(
        {"type": "notebook", "format": "json", "content": page}, "page.ipynb"
    )
    return nbformat.read(folder / "page.ipynb", 4)


def test_a_saved_page_holds_no_widget_and_no_frame(tmp_path):
    stream = nbformat.v4.new_output("stream", text="3")
    page = page_with(*map(shown, (QUIZ, BAR, FRAME, PICTURE)), stream)
    outputs = saved(tmp_path, page).cells[1].outputs
    assert [dict(o.get("data", {})) for o in outputs] == [
        {"text/html": "<p>A quiz</p>"},
        {"text/html": FRAME_NOTE},
        PICTURE,
        {},
    ]
    assert outputs[-1].text == "3"


@pytest.mark.parametrize(
    "model",
    [
        {},
        {"type": "file", "content": "text"},
        {"type": "notebook", "content": None},
        {"type": "notebook", "content": {}},
        {"type": "notebook", "content": {"cells": [{}]}},
    ],
)
def test_whatever_is_saved_is_let_through(model):
    before = json.dumps(model)
    before_saving(model, path="x", contents_manager=None)
    assert json.dumps(model) == before


@pytest.mark.parametrize("name", ["docs/setup.md", "Makefile"])
def test_jupyterlab_is_started_with_it(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    starts = [
        line
        for line in text.replace("\\\n", " ").splitlines()
        if line.strip().startswith("jupyter lab ") or "-m jupyterlab" in line
    ]
    assert starts
    for line in starts:
        assert f"--ContentsManager.pre_save_hook={HOOK}" in line, line
