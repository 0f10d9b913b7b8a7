"""Model training, version 8: one call an epoch."""

from helpers.checkpoints import losses_so_far, metrics_so_far, save_checkpoint
from helpers.page.progress_bar import progress
from helpers.pipeline import trains_with
from helpers.randomness import reseed
from helpers.runs import close_log, log_losses, log_metrics, start_curves


@trains_with(
    needs="epoch_fn metric_step_fns writer",
    takes="train_loader val_loader",
)
def train(
    configuration, train_loader, val_loader, n_epochs=200, *, seed=13,
    checkpoint_path=None, checkpoint_every=10, resume_from=None,
):  # fmt: skip
    """Train, validate, measure, log and save, quickly (chapter 17).

    Takes, returns and raises what version 7 does. The configuration also has
    epoch_fn, which trains and validates for an epoch.
    """
    writer, epoch_fn = configuration.writer, configuration.epoch_fn
    losses, val_losses = losses_so_far(resume_from)
    metrics = metrics_so_far(resume_from, configuration.metric_step_fns)
    start_curves(writer, len(losses))
    for epoch in progress(range(len(losses), n_epochs)):
        reseed(seed, epoch, train_loader, val_loader)
        loss, val_loss, values = epoch_fn(train_loader, val_loader)
        losses.append(loss)
        val_losses.append(val_loss)
        for name, value in values.items():
            metrics[name].append(value)
        log_losses(writer, epoch, loss, val_loss)
        log_metrics(writer, epoch, metrics)
        if checkpoint_path and (epoch + 1) % checkpoint_every == 0:
            save_checkpoint(
                checkpoint_path, configuration, losses, val_losses, metrics
            )
    close_log(writer)
    return losses, val_losses, metrics
