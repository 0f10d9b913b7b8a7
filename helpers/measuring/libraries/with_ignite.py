"""PyTorch-Ignite: engines and handlers.

Source: https://docs.pytorch.org/ignite/quickstart.html
"""

from ignite.engine import (
    Events,
    create_supervised_evaluator,
    create_supervised_trainer,
)
from ignite.metrics import Loss

from helpers.measuring.against_plain import Parts, compare


def prepare(parts: Parts):
    """Return a function that trains for so many epochs."""
    trainer = create_supervised_trainer(
        parts.model,
        parts.optimizer,
        parts.loss_fn,
        # no item(): it would wait for every loss
        output_transform=lambda x, y, yhat, loss: (loss.detach(), len(x)),
    )
    evaluator = create_supervised_evaluator(
        parts.model, metrics={"loss": Loss(parts.loss_fn)}
    )
    outputs, losses, val_losses = [], [], []

    @trainer.on(Events.ITERATION_COMPLETED)
    def remember(engine):
        outputs.append(engine.state.output)

    @trainer.on(Events.EPOCH_COMPLETED)
    def validate(_):
        total = sum(loss * n for loss, n in outputs).item()
        losses.append(total / sum(n for _, n in outputs))
        outputs.clear()
        evaluator.run(parts.val_loader)
        val_losses.append(evaluator.state.metrics["loss"])

    def run(n_epochs):
        losses.clear()
        val_losses.clear()
        trainer.run(parts.train_loader, max_epochs=n_epochs)
        return list(losses), list(val_losses)

    return run


compare("pytorch-ignite", prepare)
