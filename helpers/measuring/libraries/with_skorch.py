"""skorch: a scikit-learn estimator around a module.

Source: https://skorch.readthedocs.io/en/stable/user/neuralnet.html
"""

from skorch import NeuralNet
from skorch.helper import predefined_split

from helpers.measuring.against_plain import Parts, compare


def prepare(parts: Parts):
    """Return a function that trains for so many epochs."""
    net = NeuralNet(
        parts.model,
        criterion=parts.loss_fn,
        optimizer=parts.make_optimizer,
        lr=parts.lr,
        batch_size=parts.batch_size,
        iterator_train__sampler=parts.train_loader.sampler,
        train_split=predefined_split(parts.val_loader.dataset),
        callbacks__print_log=None,
        verbose=0,
    ).initialize()

    def run(n_epochs):
        net.partial_fit(parts.train_loader.dataset, None, epochs=n_epochs)
        losses, val_losses = (
            net.history[:, name][-n_epochs:]
            for name in ("train_loss", "valid_loss")
        )
        return losses, val_losses

    return run


compare("skorch", prepare)
