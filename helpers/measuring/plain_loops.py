"""Training loops written by hand, in the plainest way: what counts as 1.

A DataLoader, the five steps, and ``item()`` once per batch. Each does the work
of some versions of the ladder, without their functions.
"""

import torch


def plain_full_batch(configuration, x_train_tensor, y_train_tensor, n_epochs):
    """Train on all points at once, with one loss per epoch."""
    model, loss_fn = configuration.model, configuration.loss_fn
    optimizer = configuration.optimizer
    losses = []
    for _epoch in range(n_epochs):
        model.train()
        loss = loss_fn(model(x_train_tensor), y_train_tensor)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def plain_mini_batches(configuration, train_loader, n_epochs):
    """Train on mini-batches, with one loss per batch."""
    return plain_validation(configuration, train_loader, (), n_epochs)[0]


def plain_validation(configuration, train_loader, val_loader, n_epochs):
    """Train on mini-batches and validate; no batch to validate on skips it."""
    model, loss_fn = configuration.model, configuration.loss_fn
    optimizer, device = configuration.optimizer, configuration.device

    def train_step(x_batch, y_batch):
        model.train()
        loss = loss_fn(model(x_batch), y_batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    losses, val_losses = [], []
    for _epoch in range(n_epochs):
        total, count = 0.0, 0
        for x_batch, y_batch in train_loader:
            loss = train_step(x_batch.to(device), y_batch.to(device))
            total += loss * len(x_batch)
            count += len(x_batch)
        losses.append(total / count)
        total, count = 0.0, 0
        with torch.no_grad():
            for x_batch, y_batch in val_loader:
                model.eval()
                yhat = model(x_batch.to(device))
                total += loss_fn(yhat, y_batch.to(device)).item() * len(x_batch)
                count += len(x_batch)
        val_losses.append(total / max(count, 1))
    return losses, val_losses
