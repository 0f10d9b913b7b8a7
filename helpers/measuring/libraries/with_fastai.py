"""fastai: a learner, without its bar and its log.

Source: https://docs.fast.ai/examples/migrating_pytorch.html
"""

from functools import partial

from fastai.callback.progress import ProgressCallback
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.optimizer import OptimWrapper

from helpers.measuring.against_plain import Parts, compare


def prepare(parts: Parts):
    """Return a function that trains for so many epochs."""
    learner = Learner(
        DataLoaders(parts.train_loader, parts.val_loader, device="cpu"),
        parts.model,
        loss_func=parts.loss_fn,
        opt_func=partial(OptimWrapper, opt=parts.make_optimizer),
        lr=parts.lr,
    )
    bars = [cb for cb in learner.cbs if isinstance(cb, ProgressCallback)]

    def run(n_epochs):
        with learner.removed_cbs(bars), learner.no_logging():
            learner.fit(n_epochs)
        # its training loss is a moving average, and no mean over the epoch
        return None, [values[-1] for values in learner.recorder.values]

    return run


compare("fastai", prepare)
