"""Model training, version 9: one run in any number of processes."""

import torch

from helpers.checkpoints import losses_so_far, metrics_so_far, save_together
from helpers.mini_batch.v1 import mini_batch
from helpers.page.progress_bar import progress
from helpers.pipeline import trains_with
from helpers.processes import ends_together, reseed, share_buffers
from helpers.runs import close_log, log_losses, log_metrics, start_curves


@trains_with(
    needs="model train_step_fn val_step_fn metric_step_fns writer share",
    takes="train_loader val_loader",
)
@ends_together
def train(
    configuration, train_loader, val_loader, n_epochs=200, *, seed=13,
    checkpoint_path=None, checkpoint_every=10, resume_from=None,
):  # fmt: skip
    """Train in all processes, log and save in the first (chapter 18).

    Takes, returns and raises what version 7 does, in every process.
    """
    device, writer = configuration.device, configuration.writer
    metric_step_fns = configuration.metric_step_fns
    everywhere = configuration.share.everywhere(mini_batch)
    losses, val_losses = losses_so_far(resume_from)
    metrics = metrics_so_far(resume_from, metric_step_fns)
    start_curves(writer, len(losses))
    for epoch in progress(range(len(losses), n_epochs)):
        reseed(seed, epoch, train_loader, val_loader)
        loss = everywhere(device, train_loader, configuration.train_step_fn)
        losses.append(loss)
        share_buffers(configuration.model)
        with torch.no_grad():
            val_loss = everywhere(device, val_loader, configuration.val_step_fn)
            val_losses.append(val_loss)
            for name, step_fn in metric_step_fns.items():
                metrics[name].append(everywhere(device, val_loader, step_fn))
        log_losses(writer, epoch, loss, val_loss)
        log_metrics(writer, epoch, metrics)
        if checkpoint_path and (epoch + 1) % checkpoint_every == 0:
            save_together(
                checkpoint_path, configuration, losses, val_losses, metrics
            )
    close_log(writer)
    return losses, val_losses, metrics
