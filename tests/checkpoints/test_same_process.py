"""Going on in the process that was interrupted, with the same configuration.

And never from other weights than those of the file.
"""

import copy
import gc

import interrupting
import pytest
import resuming
import torch

from helpers import checkpoints
from helpers.checkpoints import (
    check_resumes,
    load_checkpoint,
    load_model,
    losses_so_far,
)
from helpers.errors import CheckpointError
from tests.tools import assert_one_sentence, identical, state_of

CASE = interrupting.CASE


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return interrupting.save(tmp_path_factory.mktemp("same process"))


def test_an_interrupt_at_any_line_of_a_step_is_harmless(saved):
    places = interrupting.STEP
    straight, n_lines = interrupting.train_interrupted(saved, places=places)
    assert n_lines > 40
    inexact = [
        at
        for at in range(1, n_lines + 1)
        if not identical(
            interrupting.train_interrupted(saved, at, places)[0], straight
        )
    ]
    assert inexact == []


def test_loading_clears_the_gradients_of_an_earlier_step(saved):
    configuration = resuming.configure(CASE)
    configuration.model(torch.ones(3, 1)).mean().backward()
    load_checkpoint(saved, configuration)
    assert all(p.grad is None for p in configuration.model.parameters())
    configuration.model(torch.ones(3, 1)).mean().backward()
    load_model(saved, configuration.model)
    assert all(p.grad is None for p in configuration.model.parameters())


# ------------------------------------- a checkpoint knows what it was for


def refuses_to_resume(checkpoint, configuration):
    before = state_of(configuration)
    with pytest.raises(CheckpointError) as caught:
        check_resumes(checkpoint, configuration)
        losses_so_far(checkpoint)
    assert identical(state_of(configuration), before)
    return assert_one_sentence(caught.value)


def train_on(checkpoint, configuration):
    return resuming.model_training.train(
        configuration,
        *resuming.loaders(CASE),
        n_epochs=4,
        seed=11,
        resume_from=checkpoint,
    )


def test_training_twice_from_one_checkpoint_is_refused(saved, tmp_path):
    """The cell with train is run again, the cell that loads is not."""
    configuration = resuming.configure(CASE)
    checkpoint = load_checkpoint(saved, configuration)
    first = train_on(checkpoint, configuration)
    before = state_of(configuration)
    with pytest.raises(CheckpointError, match="trained since") as caught:
        train_on(checkpoint, configuration)
    assert_one_sentence(caught.value)
    assert identical(state_of(configuration), before)
    # as the sentence says: loaded again, it goes on, and the same way
    checkpoint = load_checkpoint(saved, configuration)
    assert identical(train_on(checkpoint, configuration), first)


def test_a_new_configuration_is_not_the_one_that_was_loaded(saved):
    """The cell with configure_model is run again, after the one that loads."""
    configuration = resuming.configure(CASE)
    checkpoint = load_checkpoint(saved, configuration)
    said = refuses_to_resume(checkpoint, resuming.configure(CASE))
    assert "configure_model" in said
    check_resumes(checkpoint, configuration)  # the right one
    # train itself says so, before a step is made from the wrong weights
    other = resuming.configure(CASE)
    before = state_of(other)
    with pytest.raises(CheckpointError, match="another configuration"):
        train_on(checkpoint, other)
    assert identical(state_of(other), before)
    del configuration
    gc.collect()
    with pytest.raises(CheckpointError, match="no longer exists"):
        losses_so_far(checkpoint)


def test_other_weights_loaded_meanwhile(saved, tmp_path):
    other = tmp_path / "other.pt"
    resuming.train(CASE, 4, checkpoint_path=other, checkpoint_every=4)
    configuration = resuming.configure(CASE)
    checkpoint = load_checkpoint(saved, configuration)
    load_model(other, configuration.model)
    refuses_to_resume(checkpoint, configuration)


def test_looks_in_between_do_not_matter(saved):
    """Predictions, a range test that puts back, a training step refused."""
    configuration = resuming.configure(CASE)
    straight = interrupting.train_interrupted(saved)[0]
    checkpoint = load_checkpoint(saved, configuration)
    configuration.model.eval()
    with torch.no_grad():
        configuration.model(torch.rand(5, 1))
    configuration.model.train()
    state = configuration.model.state_dict()
    configuration.model.load_state_dict(dict(state))
    check_resumes(checkpoint, configuration)
    losses = resuming.model_training.train(
        configuration,
        *resuming.loaders(CASE),
        n_epochs=interrupting.N_EPOCHS,
        seed=11,
        resume_from=checkpoint,
    )
    assert identical(resuming.outcome(configuration, losses), straight)


def test_a_model_that_was_put_back_may_go_on(saved):
    """As after a training run that was refused at its first batches."""
    configuration = resuming.configure(CASE)
    checkpoint = load_checkpoint(saved, configuration)
    before = copy.deepcopy(configuration.model.state_dict())
    with torch.no_grad():
        next(configuration.model.parameters()).add_(1)
    refuses_to_resume(checkpoint, configuration)
    configuration.model.load_state_dict(before)
    check_resumes(checkpoint, configuration)
    assert losses_so_far(checkpoint)[0] == checkpoint.losses


def test_losses_alone_resume_what_a_reader_kept_in_memory():
    kept = checkpoints.Checkpoint(2, [1.0, 0.5], [2.0, 1.0])
    losses, val_losses = losses_so_far(kept)
    assert (losses, val_losses) == ([1.0, 0.5], [2.0, 1.0])
    losses.append(0.25)
    assert kept.losses == [1.0, 0.5]
    assert losses_so_far(None) == ([], [])
    check_resumes(kept, resuming.configure(CASE))
    check_resumes(None, resuming.configure(CASE))
