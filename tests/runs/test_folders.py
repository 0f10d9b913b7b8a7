"""The folder of a run: what goes with it, and what stays."""

import pytest
import torch

from helpers.errors import RunNameError
from helpers.paths import RUNS
from helpers.runs import clear_run, open_writer, run_folder
from tests.tools import assert_one_sentence

LITTER = [
    ".DS_Store",
    "._events",
    "Thumbs.db",
    "desktop.ini",
    "sub/.DS_Store",
    ".ipynb_checkpoints/notes-checkpoint.ipynb",
    "sub/.ipynb_checkpoints/list-checkpoint.csv",
]


@pytest.mark.parametrize("name", LITTER)
def test_what_desktops_leave_does_not_stop_a_page(name):
    file = run_folder("litter/run") / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"anything")
    clear_run("litter/run")
    assert not run_folder("litter/run").exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_with_an_embedding_can_be_cleared():
    pytest.importorskip("PIL")
    writer = open_writer("litter/embedding")
    writer.add_embedding(
        torch.rand(4, 3),
        metadata=list("abcd"),
        label_img=torch.rand(4, 3, 8, 8),
        tag="points",
    )
    writer.close()
    folder = run_folder("litter/embedding")
    assert (folder / "projector_config.pbtxt").exists()
    assert any(file.name == "sprite.png" for file in folder.rglob("*"))
    clear_run("litter/embedding")
    assert not folder.exists()


@pytest.mark.parametrize("name", ["thesis.docx", "tensors.txt", "photo.png"])
def test_what_a_reader_put_there_stays(name):
    file = run_folder("litter/kept") / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"mine")
    (file.parent / ".DS_Store").write_bytes(b"")
    with pytest.raises(RunNameError, match=name) as caught:
        clear_run("litter/kept")
    assert_one_sentence(caught.value)
    assert file.read_bytes() == b"mine"
    assert (file.parent / ".DS_Store").exists()
    file.unlink()
    clear_run("litter/kept")


def test_a_folder_that_cannot_be_removed(monkeypatch):
    folder = run_folder("litter/open")
    folder.mkdir(parents=True)

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(RunNameError, match="Permission denied") as caught:
        clear_run("litter/open")
    assert_one_sentence(caught.value)
    monkeypatch.undo()
    clear_run("litter")
    assert not (RUNS / "litter").exists()
