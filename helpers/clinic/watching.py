"""A watch over any training loop, through hooks and without a step of its own.

Here belongs what the watch hears of, and that it leaves nothing where it was.
What it makes of a layer, a batch or a loss stands in
`helpers.clinic.looking`; what a sickness looks like, in
`helpers.clinic.signs`.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook

from helpers.clinic import graphs, looking
from helpers.clinic.diversions import LossSwitch
from helpers.clinic.history import History
from helpers.clinic.hooks import GradientHook, Hook, Switch
from helpers.clinic.patches import patched
from helpers.clinic.plan import is_looked_at, next_look
from helpers.clinic.report import Report, make_report
from helpers.clinic.seen import LoaderSeen, Seen
from helpers.clinic.stepping import Stepping
from helpers.errors import CourseError

SELDOM = 8  # between looks, one loss of so many is asked what it is
MOST_PHASES = 200  # of validation, after which modes are looked at


class WatchError(CourseError):
    """What was given to a watch cannot be watched."""


def watch(model: Any, optimizer: Any = None, *, loss_fn: Any = None) -> "Watch":
    """Watch the training loop in the block that follows.

    ::

        with watch(model, optimizer, loss_fn=loss_fn) as watched:
            ...
        print(watched.report())

    The loop computes what it computes without the watch, to the last bit: no
    step is run, no random number drawn.

    Args:
        model: a module, or several in a list.
        optimizer: an optimizer of torch, or several in a list.
        loss_fn: the loss, a module or a function. Those of torch are seen
            without it.

    Raises:
        WatchError: something else was given.
    """
    models, optimizers = _as_list(model), _as_list(optimizer)
    for one in models:
        if not isinstance(one, nn.Module):
            raise WatchError(
                "watch takes a model, an nn.Module, and then its optimizer. "
                f"Found a {type(one).__name__} where the model belongs."
            )
    for one in optimizers:
        if not isinstance(one, Optimizer):
            raise WatchError(
                "watch takes an optimizer of torch.optim after the model. "
                f"Found a {type(one).__name__} in its place."
            )
    if not models:
        raise WatchError("watch needs at least one model, and found none.")
    return Watch(models, optimizers, loss_fn)


def _as_list(value: Any) -> list:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


class Watch:
    """A watch over one block; `watch` makes it.

    Between its looks it has no hook on a module or a parameter: it counts
    updates, keeps the loss of each backward pass, and waits for a loader to
    start or for gradients to be switched off, as validation does.

    Attributes:
        seen: what was collected so far.
    """

    def __init__(self, models: list, optimizers: list, loss_fn: Any):
        self.seen = Seen([], [], loss_fn, {})
        self._first = models, optimizers
        self._always = contextlib.ExitStack()
        self._closely = contextlib.ExitStack()
        self._is_close = False
        self._stepping = Stepping(self.seen)
        self._forwards = Switch()
        self._losses = LossSwitch(self._hook(self._saw_loss))
        self._until = 3  # modes are looked at up to this update
        self._next_plan = 1
        self._n_quiet = 0  # open blocks without gradients
        self._backward: list[int] = []  # passes at each last update
        self._is_looking_phase = False
        self._loader: LoaderSeen | None = None
        self._modes: dict[int, bool] = {}
        self._wants_print = False
        self._schedule_depth = 0
        self._val_forwards = 0
        self._unscaled: torch.Tensor | None = None
        # what the last loss was, and whether the next is asked
        self._is_number = self._is_on_cpu = False
        self._asks = True

    # ------------------------------------------------------------ lifetime

    def __enter__(self) -> "Watch":
        seen, stack = self.seen, self._always
        stack.enter_context(patched(self))
        stack.callback(self._turn, False)
        if isinstance(seen.loss_fn, nn.Module):
            self._forwards.add(
                seen.loss_fn, self._hook(self._after_loss), False
            )
        self.follow(*self._first)
        return self

    def _hook(self, function: Any, *first: Any) -> Hook:
        return Hook(self.seen, function, *first)

    def follow(self, models: list, optimizers: list) -> None:
        """Watch more models and optimizers, from now on.

        Args:
            models: modules that are not watched yet.
            optimizers: of torch, not watched yet either.
        """
        seen, stack = self.seen, self._always
        for model in models:
            i = len(seen.models)
            seen.models.append(model)
            before = f"model {i}: " if len(models) > 1 or i else ""
            for name, parameter in model.named_parameters():
                name = name.replace("_orig_mod.", "")
                seen.names.setdefault(id(parameter), before + name)
            if looking.is_compiled(model):
                seen.unseen.append(f"the layers of model {i}, as compiled")
            if getattr(model, "_compiled_call_impl", None) is None:
                hook = self._hook(self._before_forward, i)
                self._forwards.add(model, hook, True)
        for optimizer in optimizers:
            i = len(seen.optimizers)
            seen.optimizers.append(optimizer)
            seen.n_updates.append(0)
            self._backward.append(seen.n_backward)
            hook = self._hook(self._after_step, i)
            stack.callback(optimizer.register_step_post_hook(hook).remove)
        self._set_close(False)
        self._set_close(True)

    def __exit__(self, *_error) -> None:
        self._closely.close()
        self._always.close()
        self._is_close = False
        self._stepping.clear()

    def report(self) -> Report:
        """Return the findings so far, the most likely cause first."""
        self._hook(looking.identical_units)(self.seen)
        return make_report(self.seen)

    @property
    def history(self) -> History:
        """What was seen at each looked-at step, for pictures."""
        return History(self.seen)

    # --------------------------------------------------------- close looks

    def _plan(self, rounds: int) -> None:
        """Choose what is looked at until the next update."""
        self._set_close(is_looked_at(rounds))
        is_light = self._is_close or rounds < self._until
        self._turn(is_light or bool(self._n_quiet))
        self._next_plan = rounds + 1 if is_light else next_look(rounds)

    def _turn(self, is_on: bool) -> None:
        self._forwards.turn(is_on)
        self._losses.turn(is_on)

    def _look_until(self, rounds: int) -> None:
        """Look at modes up to an update, and at the next batch."""
        self._until = max(self._until, rounds)
        self._next_plan = self.seen.rounds + 1
        self._turn(True)

    def _set_close(self, is_close: bool) -> None:
        self._stepping.clear()
        if is_close:
            self._asks = True
            self._turn(True)
        if is_close == self._is_close:
            return
        self._is_close = is_close
        self._closely.close()
        self._closely = contextlib.ExitStack()
        if is_close:
            self._hook(self._look_closely)()

    def _look_closely(self) -> None:
        seen, stack = self.seen, self._closely
        hook = self._hook(self._after_any_step)
        stack.callback(register_optimizer_step_post_hook(hook).remove)
        for i, optimizer in enumerate(seen.optimizers):
            hook = self._hook(self._before_step, i)
            stack.callback(optimizer.register_step_pre_hook(hook).remove)
        for model in seen.models:
            looking.follow_layers(seen, model, stack)
            for parameter in model.parameters():
                name = seen.names.get(id(parameter))
                if name and parameter.requires_grad and parameter.is_leaf:
                    hook = self._hook(
                        self._stepping.at_gradient, name, parameter
                    )
                    stack.callback(GradientHook(parameter, hook).remove)

    # --------------------------------------------------------------- hooks

    def enters_quiet(self) -> None:
        """See that gradients are switched off, as for validation."""
        self._n_quiet += 1
        self._turn(True)

    def leaves_quiet(self) -> None:
        """See that gradients are switched on again."""
        self._n_quiet = max(0, self._n_quiet - 1)
        if not self._n_quiet and not self._is_close:
            self._turn(self.seen.rounds < self._until)

    def _before_forward(self, number: int, model: Any, args, kwargs) -> None:
        seen = self.seen
        if model is not seen.models[number] or torch.compiler.is_compiling():
            return
        if not torch.is_grad_enabled():
            self._look_at_validation(model)
            return
        self._modes[number] = model.training
        if number:
            return
        if self._wants_print and self._loader is not None:
            self._wants_print = False
            self._loader.first_batches.append(looking.print_of(args, kwargs))
        if self._is_close:
            looking.at_batch(seen, args, kwargs)

    def _look_at_validation(self, model: Any) -> None:
        seen = self.seen
        if not self._is_looking_phase:
            self._is_looking_phase = True
            seen.eval_phases += 1
            seen.phase_updates.append(sum(seen.n_updates))
            del seen.phase_updates[:-200]
            self._val_forwards = 0
            if seen.eval_phases < MOST_PHASES:  # is train mode back after it?
                self._look_until(seen.rounds + 3)
        self._val_forwards += 1
        seen.looking_forwards += 1
        if self._loader is not None:
            self._loader.n_looking += 1
        if model.training:
            seen.train_in_validation.append(self._val_forwards)
            del seen.train_in_validation[:-500]

    def _after_loss(self, _module: Any, _args: Any, value: Any) -> None:
        self.seen.loss_was_called = True
        if isinstance(value, torch.Tensor) and value.numel() == 1:
            self._validation_loss(value)
            if value.requires_grad and len(self.seen.loss_values) < 20:
                self.seen.loss_values.append(float(value.detach()))

    def _validation_loss(self, value: torch.Tensor) -> None:
        seen = self.seen
        if torch.is_grad_enabled() or value.requires_grad:
            return
        seen.val_losses.add(value.detach().clone())
        if any(model.training for model in seen.models):
            seen.val_losses_in_train_mode += 1
        else:
            seen.val_losses_in_eval_mode += 1

    def _saw_loss(self, name: str, args, kwargs, value: Any) -> None:
        """See a loss of torch that was called."""
        is_training = torch.is_grad_enabled()
        if self._is_close:
            looking.at_loss(self.seen, name, args, kwargs, value, is_training)
        is_number = isinstance(value, torch.Tensor) and value.numel() == 1
        if not is_training and is_number and not self._is_module_loss():
            self._validation_loss(value)

    def _is_module_loss(self) -> bool:
        is_module = isinstance(self.seen.loss_fn, nn.Module)
        return is_module and self.seen.loss_was_called

    def saw_backward(self, tensors: Any, retains: bool) -> None:
        """See a backward pass that is about to start."""
        seen = self.seen
        seen.n_backward += 1
        self._is_looking_phase = False
        if self._loader is not None:
            self._loader.n_training += 1
        if retains:
            seen.n_retained += 1
        if self._modes:
            self._see_modes()
        loss = tensors
        if isinstance(tensors, (list, tuple)) and tensors:
            loss = tensors[0]
        if self._asks or seen.n_backward % SELDOM == 0:
            self._look_at_loss(loss)
        if not self._is_number:
            return
        value, self._unscaled = self._unscaled, None
        if value is None:
            try:
                # elsewhere than on the CPU, a number would be waited for
                value = loss.item() if self._is_on_cpu else loss.detach()
            except (AttributeError, RuntimeError):  # not a number this time
                self._asks = True
                return
        seen.losses.add(value)

    def _look_at_loss(self, loss: Any) -> None:
        """See what a backward pass starts from.

        To ask a tensor anything takes about as long as to read its number. So
        the next losses are taken to be of the same kind, most of them.
        """
        seen = self.seen
        self._is_number = isinstance(loss, torch.Tensor) and loss.numel() == 1
        self._is_on_cpu = self._is_number and loss.is_cpu
        is_leaf = self._is_number and loss.is_leaf
        if is_leaf:  # to ask for its grad_fn would take much longer
            seen.n_leaf_losses += 1
        elif self._is_number and self._is_close:
            if seen.paired is None:
                graphs.at_backward(seen, loss)
            if seen.rounds == 1 and not seen.outside:
                graphs.parameters_outside(seen, loss)
        self._asks = is_leaf or self._is_close or not self._is_number

    def _see_modes(self) -> None:
        seen = self.seen
        at = sum(seen.n_updates)
        for number, is_training in self._modes.items():
            if not is_training:
                seen.eval_in_training.append((at, number))
                del seen.eval_in_training[:-500]
            elif len(seen.train_in_training) < 500:
                seen.train_in_training.append((at, number))
        self._modes.clear()

    def saw_loader(self, loader: Any) -> None:
        """See that somebody starts to iterate over a DataLoader."""
        loaders = self.seen.loaders
        if id(loader) not in loaders and len(loaders) >= 20:
            self._loader = None  # what comes now is not another loader's
            return
        self._loader = loaders.setdefault(id(loader), LoaderSeen(loader))
        self._loader.n_iterations += 1
        self._loader.at_updates.append(sum(self.seen.n_updates))
        del self._loader.at_updates[20:]
        self._wants_print = len(self._loader.first_batches) < 8
        if self._wants_print:
            self._look_until(self.seen.rounds + 1)

    def saw_scaled(self, loss: Any) -> None:
        """See a loss before it is scaled up for half precision."""
        if isinstance(loss, torch.Tensor) and loss.numel() == 1:
            self._unscaled = loss.detach()

    def saw_scaler(self, scaler: Any) -> None:
        """See a scaler of gradients step, which may skip the update."""
        if scaler.is_enabled():
            self.seen.n_scaled += 1
            if self._is_close:
                self._stepping.scale = float(scaler.get_scale())

    @contextlib.contextmanager
    def schedule(self, scheduler: Any) -> Iterator[None]:
        """See a scheduler step."""
        is_own = any(
            getattr(scheduler, "optimizer", None) is one
            for one in self.seen.optimizers
        )
        is_first = not getattr(scheduler, "_is_initial", False)
        if is_own and is_first and not self._schedule_depth:
            seen = self.seen
            seen.scheduler_steps[id(scheduler)] += 1
            seen.scheduler_objects[id(scheduler)] = scheduler
            if not any(seen.n_updates):
                seen.early_scheduler_steps += 1
            seen.scheduled_at.append(sum(seen.n_updates))
            del seen.scheduled_at[400:]
        self._schedule_depth += 1
        try:
            yield
        finally:
            self._schedule_depth -= 1

    def _before_step(self, i: int, optimizer: Any, *_args: Any) -> None:
        n = self.seen.n_backward - self._backward[i]
        self._stepping.before_step(i, optimizer, n)

    def _after_any_step(self, optimizer: Any, *_args: Any) -> None:
        """See an optimizer that nobody told the watch of."""
        seen = self.seen
        is_known = any(optimizer is one for one in seen.optimizers)
        if is_known or optimizer in seen.strangers:
            return
        held = (p for g in optimizer.param_groups for p in g["params"])
        if any(id(p) in seen.names for p in held):
            seen.strangers.add(optimizer)
            seen.n_strangers += 1
            self._stepping.clear()

    def _after_step(self, i: int, optimizer: Any, args, kwargs) -> None:
        seen = self.seen
        n_backward = seen.n_backward - self._backward[i]
        self._backward[i] = seen.n_backward
        seen.n_updates[i] += 1
        try:
            if self._is_close:
                self._stepping.after_step(
                    i, optimizer, args, kwargs, n_backward
                )
        finally:
            if seen.n_updates[i] > seen.rounds:
                seen.rounds += 1
                if seen.rounds >= self._next_plan:
                    self._plan(seen.rounds)
            elif self._is_close:
                self._stepping.clear_of(optimizer)
