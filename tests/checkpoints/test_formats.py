"""Checkpoints of every format so far load: one small file each."""

from pathlib import Path

import pytest
import torch

from helpers.checkpoints import FORMAT, load_checkpoint, load_model
from helpers.data_preparation import v2 as data_preparation
from helpers.datasets.line import generate_data
from helpers.model_configuration import v3 as model_configuration
from helpers.model_training import v6 as model_training

FORMATS = Path(__file__).with_name("formats")
N_EPOCHS = 3  # of the pipeline (v2, v3, v6), in every file


def test_there_is_a_file_for_every_format():
    names = {file.name for file in FORMATS.iterdir()}
    assert names == {f"format_{n}.pt" for n in range(1, FORMAT + 1)}


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_file_of_this_format_resumes_and_predicts(number):
    path = FORMATS / f"format_{number}.pt"
    loaders = data_preparation.prepare_data(*generate_data())
    trained = model_configuration.configure_model(run_name=None)
    losses, _ = model_training.train(trained, *loaders, n_epochs=N_EPOCHS)

    resumed = model_configuration.configure_model(run_name=None)
    checkpoint = load_checkpoint(path, resumed)
    assert checkpoint.epoch == N_EPOCHS
    # Another machine may differ in the last bits.
    assert checkpoint.losses == pytest.approx(losses, rel=1e-5)
    predicting = model_configuration.configure_model(run_name=None).model
    load_model(path, predicting)
    for expected, *found in zip(
        trained.model.parameters(),
        resumed.model.parameters(),
        predicting.parameters(),
        strict=True,
    ):
        for value in found:
            torch.testing.assert_close(value, expected)
