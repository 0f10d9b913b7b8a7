"""What HPARAMS shows: the names of the first run, and no others."""

import pytest
from torch.utils.tensorboard import SummaryWriter

from helpers.runs import log_hparams
from helpers.runs.hparams_table import shown_hparams


def log(folder, **values):
    with SummaryWriter(folder) as writer:
        writer.add_hparams(values, {"accuracy": 0.5}, run_name=".")


def test_columns_of_the_first_run_only(tmp_path):
    log(tmp_path / "one", lr=0.5)
    log(tmp_path / "two", lr=0.25, momentum=0.5)
    columns, runs = shown_hparams(tmp_path)
    assert columns == ["lr"]
    assert runs == {
        "one": {"lr": 0.5},
        "two": {"lr": 0.25, "momentum": 0.5},
    }


def test_equal_names_are_all_shown(tmp_path):
    log(tmp_path / "one", optimizer="sgd", lr=0.5, nesterov=True)
    log(tmp_path / "two", optimizer="adam", lr=0.25, nesterov=False)
    columns, runs = shown_hparams(tmp_path)
    assert columns == ["lr", "nesterov", "optimizer"]
    assert list(runs["two"]) == columns
    assert runs["two"]["optimizer"] == "adam"


def test_what_the_course_logs_is_shown_as_well(tmp_path):
    with SummaryWriter(tmp_path / "run") as writer:
        log_hparams(writer, {"lr": 0.5}, ["loss/validation"])
    assert shown_hparams(tmp_path) == (["lr"], {"run": {"lr": 0.5}})


@pytest.mark.parametrize("made", [True, False])
def test_no_runs_no_columns(tmp_path, made):
    folder = tmp_path if made else tmp_path / "missing"
    assert shown_hparams(folder) == ([], {})
