"""A look at the first batches of versions that compute an epoch in one call.

Their loop pulls one batch after another out of a loader, and takes a step
between two pulls. So a loader can look: what happens between handing out a
batch and being asked for the next one is a step.

Here belongs only where to look from. What is looked at is said in
`helpers.pipeline.first_batches`, of whose watch this is an arm.
"""

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch

from helpers.pipeline import verdicts
from helpers.pipeline.explanations import EXPLAINED
from helpers.pipeline.seen import Seen
from helpers.pipeline.verdicts import judge


def watched_epoch(watch: Any, epoch_fn: Callable) -> Callable:
    """Return an epoch function that is watched.

    The first epoch of a training runs eagerly (``epoch_fn.eager``, if there
    is one), so that the first batches can be looked at, and so that it does
    not matter for the result whether they are. A resumed run is past that.

    Args:
        watch: of the run, a `helpers.pipeline.first_batches.Watch`.
        epoch_fn: takes two loaders; returns loss, validation loss, metrics.

    Raises (when the function is called):
        FirstBatchError: a fault that the first batches show.
        DivergenceError: a loss is nan or inf.
        DataError: so are features or labels.
    """
    n_done = 0

    def watched_epoch_fn(train_loader, val_loader):
        nonlocal n_done
        if n_done or watch.first_epoch:
            result = epoch_fn(train_loader, val_loader)
        else:
            eager = getattr(epoch_fn, "eager", epoch_fn)
            result = _first_epoch(watch, eager, train_loader, val_loader)
        n_done += 1
        _check(watch, result, n_done)
        return result

    return functools.update_wrapper(watched_epoch_fn, epoch_fn, updated=())


def _first_epoch(watch, epoch_fn, train_loader, val_loader):
    if not watch.looks:
        return epoch_fn(train_loader, val_loader)
    train = Looking(watch, train_loader, _training_step, 2)
    val = Looking(watch, val_loader, _validation_step, 1)
    try:
        return epoch_fn(train, val)
    except EXPLAINED as error:
        watch._explain(error, (val if val.seen else train).seen)
        raise
    finally:
        train.close()
        val.close()


class Looking:
    """A loader that looks at what is done with its first batches.

    Attributes:
        seen: of the batch that was handed out last, of those looked at.
    """

    def __init__(self, watch, loader: Iterable, look: Callable, n: int):
        self.watch, self.loader, self.look, self.n = watch, loader, look, n
        self.seen: Any = None
        self.passes: list[Any] = []

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        self.passes.append(self._batches())
        return self.passes[-1]

    def _batches(self):
        for number, (x, y) in enumerate(self.loader):
            if number >= self.n:
                yield x, y
                continue
            with self.look(self, x, y, number):
                yield x, y  # the step runs while this waits

    def close(self) -> None:
        """Take away every hook of a pass that was left in the middle."""
        for batches in self.passes:
            batches.close()


@contextlib.contextmanager
def _training_step(looking: Looking, x, y, number: int) -> Iterator[None]:
    watch, is_first = looking.watch, number == 0
    looking.seen = seen = watch._seen(x, y)
    judge(seen, verdicts.BEFORE)
    with watch._looking(seen, watch.clearing, is_first):
        yield
    watch.n_train += 1
    _note_loss(seen)
    if is_first:
        verdicts.judge_after_loss(seen)
    judge(seen, verdicts.TRAINING)
    if is_first:
        watch._look_further(seen)


@contextlib.contextmanager
def _validation_step(looking: Looking, x, y, _number: int) -> Iterator[None]:
    watch = looking.watch
    looking.seen = seen = watch._seen(x, y, "validation step")
    judge(seen, verdicts.BEFORE_VALIDATION)
    with watch._looking(seen, is_first=True):
        yield
    watch.n_val += 1
    _note_loss(seen)
    judge(seen, verdicts.VALIDATION)
    verdicts.judge_after_loss(seen)


def _note_loss(seen: Seen) -> None:
    """Note the loss of what was predicted: nobody has handed it over."""
    with contextlib.suppress(Exception), torch.no_grad():
        seen.loss = float(seen.loss_fn(seen.yhat, seen.y))


def _check(watch, result: Any, n_done: int) -> None:
    """Check losses, one number each per epoch."""
    loss, val_loss, *_ = result
    epoch = watch.first_epoch + n_done - 1
    watch.check_epoch(loss, "loss", epoch)
    watch.check_epoch(val_loss, "validation loss", epoch)
