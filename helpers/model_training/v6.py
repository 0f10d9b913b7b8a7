"""Model training, version 6: checkpoints, and exact resume from them."""

import torch

from helpers.checkpoints import losses_so_far, save_checkpoint
from helpers.mini_batch.v1 import mini_batch
from helpers.page.progress_bar import progress
from helpers.pipeline import trains_with
from helpers.randomness import reseed
from helpers.runs import close_log, log_losses, start_curves


@trains_with(
    needs="train_step_fn val_step_fn writer", takes="train_loader val_loader"
)
def train(
    configuration, train_loader, val_loader, n_epochs=200, *, seed=13,
    checkpoint_path=None, checkpoint_every=10, resume_from=None,
):  # fmt: skip
    """Train, validate, log and save; go on from a checkpoint (chapter 08).

    Args:
        configuration: as in version 5.
        train_loader: as in version 5.
        val_loader: as in version 5.
        n_epochs: epochs in all, those before ``resume_from`` counted in.
        seed: with the number of an epoch, decides all that is random in it.
        checkpoint_path: the file to save to; None saves nothing.
        checkpoint_every: save after every so many epochs.
        resume_from: what load_checkpoint returned; None starts at epoch 0.

    Returns, raises:
        as in version 5; also CheckpointError if saving fails.
    """
    device, writer = configuration.device, configuration.writer
    losses, val_losses = losses_so_far(resume_from)
    start_curves(writer, len(losses))
    for epoch in progress(range(len(losses), n_epochs)):
        reseed(seed, epoch, train_loader, val_loader)
        loss = mini_batch(device, train_loader, configuration.train_step_fn)
        losses.append(loss)
        with torch.no_grad():
            val_loss = mini_batch(device, val_loader, configuration.val_step_fn)
            val_losses.append(val_loss)
        log_losses(writer, epoch, loss, val_loss)
        if checkpoint_path and (epoch + 1) % checkpoint_every == 0:
            save_checkpoint(checkpoint_path, configuration, losses, val_losses)
    close_log(writer)
    return losses, val_losses
