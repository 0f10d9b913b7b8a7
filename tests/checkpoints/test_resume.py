"""Going on from a checkpoint: the same training, once on every curve."""

import dataclasses
import errno
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
import resuming
import torch
from torch import nn

from helpers import checkpoints
from helpers.checkpoints import load_checkpoint
from helpers.checkpoints.plain_values import plain
from helpers.data_preparation import v2 as data_preparation
from helpers.datasets.line import generate_data
from helpers.mini_batch.v1 import mini_batch
from helpers.model_configuration import v3 as model_configuration
from helpers.model_training import v5 as training_v5
from helpers.model_training import v6 as model_training
from helpers.randomness import epoch_seed, reseed
from helpers.runs import checkpoint_path, read_scalars, run_folder
from tests.tools import identical, state_of

# torch traces the graph for the log with a tool it calls old; a writer whose
# disk is full dies in its own thread.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*torch.jit.trace.*:DeprecationWarning",
    "ignore::pytest.PytestUnhandledThreadExceptionWarning",
)

BOTH = ["loss/training", "loss/validation"]


@pytest.fixture(scope="module")
def resumed(tmp_path_factory):
    """Interrupt every case, and go on in one new process."""
    folder = tmp_path_factory.mktemp("resumed")
    for case, (first, _) in resuming.CASES.items():
        resuming.train(
            case,
            first,
            checkpoint_path=folder / f"{case}.pt",
            checkpoint_every=first,
        )
    subprocess.run(
        [sys.executable, resuming.__file__, str(folder)],
        check=True,
        cwd=folder,
        timeout=120,
    )
    return torch.load(folder / "result.pt", weights_only=True)


@pytest.mark.parametrize("case", resuming.CASES)
def test_a_new_process_goes_on_bit_for_bit(case, resumed):
    first, last = resuming.CASES[case]
    straight = resuming.outcome(*resuming.train(case, last))
    assert len(straight["losses"]) == last
    assert identical(resumed[case], straight)
    # neither is the training at its interruption
    assert len(set(straight["losses"][first:])) > 1


@pytest.mark.parametrize(
    "left_out", ["optimizer", "scheduler", "model", "epoch"]
)
def test_every_item_of_the_state_is_needed(left_out, tmp_path):
    """The comparison above can fail: without one item it does."""
    path = tmp_path / "checkpoint.pt"
    resuming.train("all at once", 6, checkpoint_path=path, checkpoint_every=6)
    straight = resuming.outcome(*resuming.train("all at once", 12))
    configuration = resuming.configure("all at once")
    fresh = {
        name: getattr(configuration, name, None)
        and plain(getattr(configuration, name).state_dict())
        for name in ("model", "optimizer", "scheduler")
    }
    checkpoint = load_checkpoint(path, configuration)
    if left_out == "epoch":
        seed = 12  # what is random in an epoch comes from elsewhere
    else:
        seed = 11
        getattr(configuration, left_out).load_state_dict(fresh[left_out])
        # as one would have it that never loaded this part
        checkpoint = dataclasses.replace(checkpoint, loaded_into=None)
    losses = model_training.train(
        configuration,
        *resuming.loaders("all at once"),
        n_epochs=12,
        seed=seed,
        resume_from=checkpoint,
    )
    found = resuming.outcome(configuration, losses)
    assert not identical(found["model"], straight["model"])


# ----------------------------------------------------------------- curves


class Killed(BaseException):
    """Not an Exception: nothing on its way may tidy up after it."""


def train_run(run_name, n_epochs, killed_in=None, every=10):
    """Go on with a run up to an epoch, or until it dies within one."""
    configuration = model_configuration.configure_model(run_name=run_name)
    path = checkpoint_path(run_name)
    resume_from = None
    if path.exists():
        resume_from = load_checkpoint(path, configuration)
    if killed_in is not None:
        done = resume_from.epoch if resume_from else 0
        n_steps, step_fn = 0, configuration.train_step_fn

        def mortal_step_fn(x, y):
            nonlocal n_steps
            n_steps += 1
            if n_steps > 5 * (killed_in - done) + 2:  # 5 batches an epoch
                raise Killed
            return step_fn(x, y)

        configuration.train_step_fn = mortal_step_fn
    try:
        return model_training.train(
            configuration,
            *data_preparation.prepare_data(*generate_data()),
            n_epochs=n_epochs,
            checkpoint_path=path,
            checkpoint_every=every,
            resume_from=resume_from,
        )
    except Killed:
        return None


def test_every_epoch_is_once_on_every_curve():
    assert train_run("curves/killed", 40, killed_in=25) is None
    steps, _ = read_scalars("curves/killed")["loss/training"]
    assert steps == list(range(25))  # 5 of them are not in the checkpoint
    assert train_run("curves/killed", 40, killed_in=38) is None
    assert train_run("curves/killed", 40, killed_in=31) is None
    losses = train_run("curves/killed", 40)
    losses = train_run("curves/killed", 60)
    curves = read_scalars("curves/killed")
    assert sorted(curves) == BOTH
    straight = train_run("curves/straight", 60)
    assert losses == straight
    assert curves == read_scalars("curves/straight")
    for tag, expected in zip(BOTH, straight, strict=True):
        steps, values = curves[tag]
        assert steps == list(range(60))
        # an event file keeps float32
        assert values == [float(np.float32(loss)) for loss in expected]


def test_a_run_is_logged_before_it_is_saved():
    """So that no epoch in a checkpoint is missing on its curve."""
    seen = []
    save = model_training.save_checkpoint

    def noting_save(*arguments):
        seen.append(len(read_scalars("curves/order")["loss/training"][0]))
        save(*arguments)

    model_training.save_checkpoint = noting_save
    try:
        train_run("curves/order", 9, every=3)
    finally:
        model_training.save_checkpoint = save
    assert seen == [3, 6, 9]


def test_version_5_logs_both_losses_of_every_epoch():
    configuration = model_configuration.configure_model(run_name="curves/v5")
    losses = training_v5.train(
        configuration,
        *data_preparation.prepare_data(*generate_data()),
        n_epochs=5,
    )
    for name, expected in zip(("training", "validation"), losses, strict=True):
        (steps, values), *others = read_scalars(
            f"curves/v5/loss_{name}"
        ).values()
        assert not others
        assert steps == list(range(5))
        assert values == [float(np.float32(loss)) for loss in expected]


# ---------------------------------------------- logs that cannot be written


def train_quietly(n_epochs=12):
    configuration = model_configuration.configure_model(run_name=None)
    loaders = data_preparation.prepare_data(*generate_data())
    losses = model_training.train(configuration, *loaders, n_epochs=n_epochs)
    return losses, state_of(configuration)


def train_loudly(run_name, n_epochs=12):
    """Train with a log, and count what Python warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        configuration = model_configuration.configure_model(run_name=run_name)
        loaders = data_preparation.prepare_data(*generate_data())
        losses = model_training.train(
            configuration, *loaders, n_epochs=n_epochs
        )
    said = [str(w.message) for w in caught if w.category is RuntimeWarning]
    return (losses, state_of(configuration)), said


def test_a_file_in_place_of_the_folder_costs_one_warning():
    folder = run_folder("in_the_way")
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a note")
    result, said = train_loudly("in_the_way")
    assert identical(list(result), list(train_quietly()))
    assert len(said) == 1
    assert "runs/in_the_way" in said[0]
    assert folder.read_text() == "a note"


@pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="the device that is always full"
)
@pytest.mark.parametrize("full_from", [0, 5])
def test_a_full_disk_costs_one_warning(full_from, monkeypatch):
    """The device /dev/full takes the place of the event file."""
    from tensorboard.summary.writer import record_writer

    write, n_writes = record_writer.RecordWriter.write, 0

    def full(self, data):
        nonlocal n_writes
        n_writes += 1
        if n_writes > full_from + 4:  # the head, the graph, its first words
            with open("/dev/full", "wb", buffering=0) as device:
                device.write(data)
        return write(self, data)

    monkeypatch.setattr(record_writer.RecordWriter, "write", full)
    result, said = train_loudly(f"full_disk_{full_from}")
    assert n_writes > full_from + 4
    monkeypatch.undo()
    assert identical(list(result), list(train_quietly()))
    assert len(said) == 1, said
    assert os.strerror(errno.ENOSPC) in said[0]
    assert "training goes on" in said[0]


def test_a_full_disk_at_the_very_first_word(monkeypatch):
    from tensorboard.summary.writer import record_writer

    def full(self, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(record_writer.RecordWriter, "write", full)
    result, said = train_loudly("full_from_the_start")
    assert identical(list(result), list(train_quietly()))
    assert len(said) == 1, said


# -------------------------------------------------- what must not disturb


def test_peeking_at_a_batch_between_epochs_changes_nothing():
    expected, state = train_quietly()
    configuration = model_configuration.configure_model(run_name=None)
    loaders = data_preparation.prepare_data(*generate_data())
    checkpoint = None
    for n_epochs in range(1, 13):
        losses = model_training.train(
            configuration,
            *loaders,
            n_epochs=n_epochs,
            resume_from=checkpoint,
        )
        checkpoint = checkpoints.Checkpoint(n_epochs, *losses)
        for loader in loaders:
            next(iter(loader))
        torch.rand(n_epochs)
    assert losses == expected
    assert identical(state_of(configuration), state)


def test_validation_does_not_change_training():
    """Against a loop written here, which never validates."""
    configuration, _ = resuming.train("all at once", 15)
    other = resuming.configure("all at once")
    train_loader, _ = resuming.loaders("all at once")
    for epoch in range(15):
        reseed(11, epoch, train_loader)
        mini_batch("cpu", train_loader, other.train_step_fn)
    assert identical(
        dict(configuration.model.state_dict()), dict(other.model.state_dict())
    )


def test_a_log_does_not_change_training():
    result, said = train_loudly("logged")
    assert not said
    assert identical(list(result), list(train_quietly()))


def test_saving_does_not_change_training(tmp_path):
    path = tmp_path / "checkpoint.pt"
    saved = resuming.outcome(
        *resuming.train(
            "all at once", 8, checkpoint_path=path, checkpoint_every=1
        )
    )
    assert path.exists()
    assert identical(saved, resuming.outcome(*resuming.train("all at once", 8)))


# ------------------------------------------------------------------- seeds


def test_every_seed_and_epoch_has_random_numbers_of_its_own():
    seeds = {
        epoch_seed(seed, epoch) for seed in range(40) for epoch in range(250)
    }
    # by chance, 10,000 of 2**32 numbers hardly ever meet
    assert len(seeds) >= 10_000 - 1
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_reseeding_reaches_dropout_and_the_order_of_the_batches():
    dropout = nn.Dropout(0.5)
    results = []
    for epoch in (3, 4, 3):
        train_loader, _ = data_preparation.prepare_data(*generate_data())
        torch.rand(epoch)  # whatever was drawn before
        list(train_loader)
        reseed(13, epoch, train_loader)
        order = torch.cat([x for x, _ in train_loader])
        results.append((order, dropout(torch.ones(50))))
    for part in range(2):
        assert torch.equal(results[0][part], results[2][part])
        assert not torch.equal(results[0][part], results[1][part])
