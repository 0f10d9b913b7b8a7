"""Accelerate: a loop of one's own with prepared parts.

Source: https://huggingface.co/docs/accelerate/basic_tutorials/migration
"""

import torch
from accelerate import Accelerator

from helpers.measuring.against_plain import Parts, compare


def prepare(parts: Parts):
    """Return a function that trains for so many epochs."""
    accelerator = Accelerator(cpu=True)
    model, optimizer, train_loader, val_loader = accelerator.prepare(
        parts.model, parts.optimizer, parts.train_loader, parts.val_loader
    )
    loss_fn = parts.loss_fn

    def run(n_epochs):
        losses, val_losses = [], []
        for _epoch in range(n_epochs):
            model.train()
            total, count = 0.0, 0
            for x, y in train_loader:
                optimizer.zero_grad()
                loss = loss_fn(model(x), y)
                accelerator.backward(loss)
                optimizer.step()
                total += loss.detach() * len(x)
                count += len(x)
            losses.append(total.item() / count)
            model.eval()
            total, count = 0.0, 0
            with torch.no_grad():
                for x, y in val_loader:
                    total += loss_fn(model(x), y) * len(x)
                    count += len(x)
            val_losses.append(total.item() / count)
        return losses, val_losses

    return run


compare("accelerate", prepare)
