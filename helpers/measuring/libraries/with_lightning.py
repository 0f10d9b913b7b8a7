"""Lightning: a module and a trainer, with everything else switched off.

Source: https://lightning.ai/docs/pytorch/stable/common/trainer.html#barebones
"""

import logging
import warnings

import lightning

from helpers.measuring.against_plain import Parts, compare

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", module="lightning")


class Module(lightning.LightningModule):
    """Steps for training and validation that remember their losses."""

    def __init__(self, parts: Parts):
        super().__init__()
        self.model, self.loss_fn = parts.model, parts.loss_fn
        self.parts_optimizer = parts.optimizer
        self.outputs, self.val_outputs = [], []
        self.losses, self.val_losses = [], []

    def training_step(self, batch, _):
        """Return the loss of a batch."""
        x, y = batch
        loss = self.loss_fn(self.model(x), y)
        self.outputs.append((loss.detach(), len(x)))
        return loss

    def validation_step(self, batch, _):
        """Remember the loss of a batch."""
        x, y = batch
        self.val_outputs.append((self.loss_fn(self.model(x), y), len(x)))

    def on_train_epoch_end(self):
        """Keep the mean loss of the epoch."""
        self.losses.append(_mean(self.outputs))

    def on_validation_epoch_end(self):
        """Keep the mean validation loss."""
        self.val_losses.append(_mean(self.val_outputs))

    def configure_optimizers(self):
        """Return the optimizer."""
        return self.parts_optimizer


def _mean(outputs):
    total = sum(loss * n for loss, n in outputs).item()
    mean = total / sum(n for _, n in outputs)
    outputs.clear()
    return mean


def prepare(parts: Parts):
    """Return a function that trains for so many epochs."""
    module = Module(parts)

    def run(n_epochs):
        module.losses, module.val_losses = [], []
        trainer = lightning.Trainer(
            accelerator="cpu", devices=1, max_epochs=n_epochs, barebones=True
        )
        trainer.fit(module, parts.train_loader, parts.val_loader)
        return module.losses, module.val_losses

    return run


compare("lightning", prepare)
