"""A look at the first batches of a training run, before an epoch is spent.

Most faults of a training loop raise nothing: the loss is a number, the curve
falls a little, and the model is wrong. Their traces are plain in the first
batch, though, to whoever looks: shapes that do not match, a mode that was not
set, gradients that nobody clears. `trains_with` puts this look around the step
functions of every run. It runs no step of its own and draws no random number,
so that a run with it equals one without.

Here belongs the watch: when it looks, and what it makes of the losses. What a
fault looks like belongs with the judges, which `helpers.pipeline.verdicts`
lists.
"""

import contextlib
import functools
import numbers
from collections.abc import Callable, Iterable, Iterator
from math import isfinite, isnan
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.errors import DataError, DivergenceError, FirstBatchError, warn
from helpers.pipeline import verdicts
from helpers.pipeline.explanations import EXPLAINED, explain
from helpers.pipeline.first_epoch import watched_epoch
from helpers.pipeline.input_checks import NO_BATCH, rate
from helpers.pipeline.labels import labels_in_memory
from helpers.pipeline.layers import Layers
from helpers.pipeline.seen import Clearing, Seen, learning_rate, looking
from helpers.pipeline.step_judges import not_finite
from helpers.pipeline.verdicts import judge

AS_BEFORE = "Model and optimizer are as they were before the training run."


# ---------------------------------------------------------------- the watch


def is_finite(loss: Any) -> bool:
    """Tell whether a loss is a finite number; what is none passes, too."""
    return not isinstance(loss, numbers.Real) or isfinite(float(loss))


class Watch:
    """Watches the steps of one training run.

    A loss that is a Python number is checked at every step, which costs
    nothing. A tensor is not, as that would wait for an accelerator: the last
    one of an epoch is checked when validation starts, and the rest at the end.

    Args:
        configuration: model, loss_fn, optimizer and perhaps step functions.
        n_batches: how many batches an epoch has, if known, for the message
            when the loss diverges.
        first_epoch: the number of the epoch that comes first.
        tensors_wanted: whether steps may return tensors, without a graph.
        rows_of_last_batch: of an epoch, if known.
        loaders: pairs of a name and a loader; labels that lie in memory are
            looked at before an epoch is spent.
    """

    def __init__(
        self,
        configuration,
        n_batches: int | None = None,
        first_epoch: int = 0,
        *,
        tensors_wanted: bool = False,
        rows_of_last_batch: int | None = None,
        loaders: Iterable[tuple[str, Any]] = (),
    ):
        self.configuration = configuration
        self.n_batches = n_batches
        self.first_epoch = first_epoch
        self.tensors_wanted = tensors_wanted
        self.rows_of_last_batch = rows_of_last_batch
        self.loaders = tuple(loaders)
        self.clearing = Clearing()
        self.n_train = self.n_val = 0
        self.is_anything_unchecked = False
        self.unchecked: torch.Tensor | None = None
        self.looked_after_validation = False

    @property
    def looks(self) -> bool:
        """Whether the first batches are looked at."""
        return self.configuration.first_look

    # ---------------------------------------------------- the step functions

    def train_step(self, step_fn: Callable) -> Callable:
        """Return the training step, watched.

        The first two calls are looked at, and the first one after validation,
        which may have left the model in eval mode.

        Raises (when the step is called):
            FirstBatchError: a fault that these batches show.
            DivergenceError: the loss is nan or inf.
            DataError: so are the features or the labels of a batch.
        """

        def watched_train_step_fn(x, y):
            is_looked_at = self.n_train < 2 and self.looks
            if self.n_val and not self.looked_after_validation and self.looks:
                self.looked_after_validation = is_looked_at = True
                if self.n_train > 1:  # what came between was not followed
                    self.clearing = Clearing()
            if is_looked_at:
                seen = self._seen(x, y)
                is_first = not self.n_train
                judge(seen, verdicts.BEFORE)
                with self._looking(seen, self.clearing, is_first):
                    seen.loss = loss = step_fn(x, y)
                if is_first:
                    verdicts.judge_after_loss(seen)
                judge(seen, verdicts.TRAINING)
                if is_first:
                    self._look_further(seen)
            else:
                loss = self._run(step_fn, x, y)
            self.n_train += 1
            if type(loss) is not float or not isfinite(loss):
                self._check(loss, x, y, "loss")
            return loss

        return functools.update_wrapper(watched_train_step_fn, step_fn)

    def val_step(self, step_fn: Callable) -> Callable:
        """Return the validation step, watched; the first call is looked at.

        Raises (when the step is called):
            FirstBatchError: a fault that the first batch shows.
            DivergenceError: the loss is nan or inf.
            DataError: so are the features or the labels of a batch.
        """

        def watched_val_step_fn(x, y):
            if self.unchecked is not None:
                self._check_last_tensor()
            if not self.n_val and self.looks:
                seen = self._seen(x, y, "validation step")
                judge(seen, verdicts.BEFORE_VALIDATION)
                with self._looking(seen, is_first=True):
                    seen.loss = loss = step_fn(x, y)
                judge(seen, verdicts.VALIDATION)
                verdicts.judge_after_loss(seen)
                judge(seen, verdicts.RETURNED)
            else:
                loss = self._run(step_fn, x, y)
            self.n_val += 1
            if type(loss) is not float or not isfinite(loss):
                self._check(loss, x, y, "validation loss")
            return loss

        return functools.update_wrapper(watched_val_step_fn, step_fn)

    def metric_step(self, step_fn: Callable, name: str) -> Callable:
        """Return the step of a metric, watched; the first call is looked at.

        Raises (when the step is called):
            FirstBatchError: a fault that the first batch shows.
        """
        n_calls = 0

        def watched_metric_step_fn(x, y):
            nonlocal n_calls
            n_calls += 1
            if not self.looks or n_calls > 1:
                return self._run(step_fn, x, y)
            seen = self._seen(x, y, f"step of the metric {name!r}")
            with self._explained(seen), looking(seen):
                seen.loss = value = step_fn(x, y)
            judge(seen, verdicts.VALIDATION)
            judge(seen, verdicts.RETURNED)
            return value

        return functools.update_wrapper(watched_metric_step_fn, step_fn)

    @contextlib.contextmanager
    def first_loss(self) -> Iterator[None]:
        """Look at the first loss of a loop that calls no step function.

        Raises:
            FirstBatchError: labels that do not fit the predictions, or an
                error of torch that a sentence explains.
        """
        if not self.looks:
            yield
            return
        seen = self._seen(None, None)
        with contextlib.ExitStack() as hooks:

            def before_forward(_model, inputs):
                if seen.x is not None:  # a second prediction
                    hooks.close()
                seen.x = inputs[0] if inputs else None

            def at_loss(seen):
                verdicts.judge_before_loss(seen)
                verdicts.judge_after_loss(seen)

            handle = seen.model.register_forward_pre_hook(before_forward)
            hooks.callback(handle.remove)
            for handle in seen.follow_loss(at_loss):
                hooks.callback(handle.remove)
            with self._explained(seen):
                yield

    def _seen(self, x, y, name: str = "training step") -> Seen:
        configuration = self.configuration
        is_training = name == "training step"
        is_first = is_training and not self.n_train
        return Seen(
            model=configuration.model,
            loss_fn=configuration.loss_fn,
            optimizer=configuration.optimizer,
            x=x,
            y=y,
            name=name,
            is_training=is_training,
            tensors_wanted=self.tensors_wanted,
            rows_of_last_batch=self.rows_of_last_batch,
            labels=functools.partial(
                labels_in_memory, self.loaders if is_first else ()
            ),
            has_metrics=bool(vars(configuration).get("metric_step_fns")),
        )

    @contextlib.contextmanager
    def _looking(
        self, seen: Seen, clearing: Clearing | None = None, is_first=False
    ) -> Iterator[None]:
        """Look at a step; at the first one, speak before it does harm."""
        with contextlib.ExitStack() as hooks:
            hooks.enter_context(self._explained(seen))
            if not is_first:
                hooks.enter_context(looking(seen, clearing))
                yield
                return
            for handle in Layers(seen, self._at_layer).follow(seen.model):
                hooks.callback(handle.remove)
            look = looking(
                seen,
                clearing,
                at_prediction=self._at_prediction,
                at_loss=verdicts.judge_before_loss,
            )
            hooks.enter_context(look)
            yield

    @staticmethod
    def _at_layer(seen: Seen) -> None:
        judge(seen, verdicts.AT_LAYER)

    @staticmethod
    def _at_prediction(seen: Seen) -> None:
        judge(seen, verdicts.AT_PREDICTION)

    def _look_further(self, seen: Seen) -> None:
        """Look at labels of later batches, and warn of what may be meant."""
        judge(seen, verdicts.LATER_BATCHES, go_on="")
        for sentence in verdicts.sentences(seen, verdicts.DOUBTS):
            warn(f"{sentence} {verdicts.BE_SILENT}")

    def _run(self, step_fn: Callable, x, y) -> Any:
        """Run a step that nobody looks at, and explain its errors."""
        try:
            return step_fn(x, y)
        except EXPLAINED as error:
            self._explain(error, self._seen(x, y))
            raise

    @contextlib.contextmanager
    def _explained(self, seen: Seen) -> Iterator[None]:
        try:
            yield
        except EXPLAINED as error:
            self._explain(error, seen)
            raise

    def _explain(self, error: Exception, seen: Seen) -> None:
        sentence = explain(error, seen)
        if sentence is not None:
            raise FirstBatchError(sentence) from error

    # ------------------------------------------------------------ the losses

    def _check(self, loss: Any, x, y, what: str) -> None:
        """Check the loss of a step, if that makes nothing wait."""
        if isinstance(loss, torch.Tensor):
            self.is_anything_unchecked = True
            self.unchecked = loss if what == "loss" else None
        elif not is_finite(loss):
            self._raise_not_finite(float(loss), x, y, what)

    def _check_last_tensor(self) -> None:
        """Check the last loss of an epoch, if it is a tensor."""
        loss, self.unchecked = self.unchecked, None
        if loss is not None and self.n_train and not isfinite(float(loss)):
            self._raise_not_finite(float(loss), None, None, "loss")

    def _raise_not_finite(self, loss: float, x, y, what: str) -> None:
        n_done = self.n_train if what == "loss" else self.n_train or 1
        where = f"batch {n_done - 1}"
        if self.n_batches:
            epoch, batch = divmod(n_done - 1, self.n_batches)
            where = f"epoch {self.first_epoch + epoch}"
            where += f", batch {batch}" if what == "loss" else ""
        name = not_finite(x, y)
        if name is not None:
            raise DataError(
                f"The {what} became {loss} in {where}, because the {name} of "
                "that batch hold nan or inf. Look for it with "
                "torch.isfinite, and remove or repair those rows."
            )
        raise DivergenceError(
            f"The {what} became {loss} in {where}. {self._rate()}"
        )

    def check_epoch(self, loss: Any, what: str, epoch: int) -> None:
        """Check a loss of an epoch whose batches nobody has checked.

        Raises:
            DivergenceError: it is nan or inf.
        """
        self.n_train = self.n_train or 1
        if not is_finite(loss):
            raise DivergenceError(
                f"The {what} became {float(loss)} in epoch {epoch}. "
                f"{self._rate()}"
            )

    def _rate(self) -> str:
        said = rate(learning_rate(self.configuration.optimizer))
        return f"{said} {AS_BEFORE}" if self.configuration.put_back else said

    def check_result(self, result: Any) -> None:
        """Check what a ``train`` returned, as far as nobody has done so.

        Raises:
            DivergenceError: a loss or a parameter is nan or inf.
            DataError: no batch came.
        """
        parts = result if isinstance(result, tuple) else (result,)
        for losses in parts:
            self._check_losses(losses)
        # a loss is computed before its update: the last one is not in any loss
        name = parameter_not_finite(self.configuration.model)
        if name is not None:
            raise DivergenceError(
                f"The last step made {name!r} nan or inf. {self._rate()}"
            )

    def _check_losses(self, losses: Any) -> None:
        is_done = self.n_train and not self.is_anything_unchecked
        if is_done:
            return
        values = losses if isinstance(losses, list) else [losses]
        for epoch, loss in enumerate(_numbers(values)):
            if is_finite(loss):
                continue
            is_mean_of_nothing = not self.n_train and isnan(loss)
            if is_mean_of_nothing and isinstance(losses, list):
                raise DataError(NO_BATCH)
            raise DivergenceError(
                f"The loss became {loss} in epoch {epoch}. {self._rate()}"
            )


def _numbers(values: list) -> Iterator[float]:
    """Yield the numbers of a list; tensors are fetched in one go."""
    tensors = [v for v in values if isinstance(v, torch.Tensor)]
    fetched = iter(torch.stack(tensors).tolist() if tensors else [])
    for value in values:
        if isinstance(value, torch.Tensor):
            yield next(fetched)
        elif isinstance(value, numbers.Real):
            yield float(value)


def parameter_not_finite(model: nn.Module) -> str | None:
    """Return the name of a parameter with nan or inf, asking but once."""
    named = [
        (name, parameter)
        for name, parameter in model.named_parameters()
        if not is_lazy(parameter)
        and not parameter.is_meta
        and parameter.layout is torch.strided
    ]
    by_device: dict[torch.device, list[torch.Tensor]] = {}
    for _, parameter in named:
        is_good = parameter.detach().isfinite().all()
        by_device.setdefault(parameter.device, []).append(is_good)
    if all(bool(torch.stack(good).all()) for good in by_device.values()):
        return None
    return next(n for n, p in named if not p.detach().isfinite().all())


# ------------------------------------------------- around a training run


@contextlib.contextmanager
def watching(watch: Watch, needs: Iterable[str]) -> Iterator[Watch]:
    """Watch the step functions of a configuration while the block runs.

    The configuration is the caller's own. Its step functions are exchanged
    for watched ones, and are back afterwards, whatever happens in between; one
    that the block sets itself stays.

    Args:
        watch: how to watch them.
        needs: the parts that the version uses.
    """
    configuration, needs = watch.configuration, set(needs)
    with contextlib.ExitStack() as stack:
        if "train_step_fn" in needs:
            step_fn = watch.train_step(configuration.train_step_fn)
            stack.enter_context(_lent(configuration, "train_step_fn", step_fn))
        elif "epoch_fn" in needs:
            epoch_fn = watched_epoch(watch, configuration.epoch_fn)
            stack.enter_context(_lent(configuration, "epoch_fn", epoch_fn))
        else:
            stack.enter_context(watch.first_loss())
        if "val_step_fn" in needs:
            step_fn = watch.val_step(configuration.val_step_fn)
            stack.enter_context(_lent(configuration, "val_step_fn", step_fn))
        if "metric_step_fns" in needs:
            step_fns = {
                name: watch.metric_step(step_fn, name)
                for name, step_fn in configuration.metric_step_fns.items()
            }
            lent = _lent(configuration, "metric_step_fns", step_fns)
            stack.enter_context(lent)
        yield watch


@contextlib.contextmanager
def _lent(configuration: Any, name: str, watched: Any) -> Iterator[None]:
    before = vars(configuration)[name]
    setattr(configuration, name, watched)
    try:
        yield
    finally:
        if vars(configuration).get(name) is watched:
            setattr(configuration, name, before)
