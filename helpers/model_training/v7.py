"""Model training, version 7: metrics beside the loss."""

import torch

from helpers.checkpoints import losses_so_far, metrics_so_far, save_checkpoint
from helpers.mini_batch.v1 import mini_batch
from helpers.page.progress_bar import progress
from helpers.pipeline import trains_with
from helpers.randomness import reseed
from helpers.runs import close_log, log_losses, log_metrics, start_curves


@trains_with(
    needs="train_step_fn val_step_fn metric_step_fns writer",
    takes="train_loader val_loader",
)
def train(
    configuration, train_loader, val_loader, n_epochs=200, *, seed=13,
    checkpoint_path=None, checkpoint_every=10, resume_from=None,
):  # fmt: skip
    """Train, validate, measure, log and save (chapter 14).

    Takes, returns and raises what version 6 does. The configuration also has
    metric_step_fns, a validation step per metric, and the third result is
    metrics: by name, one number per epoch each, a mean over validation rows.
    """
    device, writer = configuration.device, configuration.writer
    metric_step_fns = configuration.metric_step_fns
    losses, val_losses = losses_so_far(resume_from)
    metrics = metrics_so_far(resume_from, metric_step_fns)
    start_curves(writer, len(losses))
    for epoch in progress(range(len(losses), n_epochs)):
        reseed(seed, epoch, train_loader, val_loader)
        loss = mini_batch(device, train_loader, configuration.train_step_fn)
        losses.append(loss)
        with torch.no_grad():
            val_loss = mini_batch(device, val_loader, configuration.val_step_fn)
            val_losses.append(val_loss)
            for name, step_fn in metric_step_fns.items():
                metrics[name].append(mini_batch(device, val_loader, step_fn))
        log_losses(writer, epoch, loss, val_loss)
        log_metrics(writer, epoch, metrics)
        if checkpoint_path and (epoch + 1) % checkpoint_every == 0:
            save_checkpoint(
                checkpoint_path, configuration, losses, val_losses, metrics
            )
    close_log(writer)
    return losses, val_losses, metrics
