"""A watch over any training loop, through hooks and without a step of its own.

Here belongs when the watch looks, and that it leaves nothing where it was.
What it makes of a layer, a batch or a loss stands in
`helpers.clinic.looking`; what a sickness looks like, in
`helpers.clinic.signs`.
"""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from helpers.clinic import looking
from helpers.clinic.history import History
from helpers.clinic.patches import patched
from helpers.clinic.report import Report, make_report
from helpers.clinic.seen import MOST_LOOKS, LoaderSeen, Seen, StepLook
from helpers.errors import CourseError

DENSE = 10  # updates that are looked at one after the other
LATER = (12, 16, 20, 30, 50, 75, 100, 150, 200, 300, 400, 600, 800)
EVERY = 1000  # then one look per so many updates
MOST_NUMBERS = 1_000_000  # of one parameter are compared
MOST_PRINTS = 400  # batches whose print is taken, to see them again


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


def is_looked_at(step: int) -> bool:
    """Tell whether the watch looks at an update closely."""
    return step < DENSE or step in LATER or step % EVERY == 0


class Watch:
    """A watch over one block; `watch` makes it.

    Attributes:
        seen: what was collected so far.
        looks_at_losses: whether the next loss is looked at.
    """

    def __init__(self, models: list, optimizers: list, loss_fn: Any):
        self.seen = Seen([], [], loss_fn, {})
        self._first = models, optimizers
        self.looks_at_losses = True
        self._always = contextlib.ExitStack()
        self._closely = contextlib.ExitStack()
        self._is_close = False
        self._backward: list[int] = []
        self._arrived: dict[str, list] = {}
        self._states: dict[str, list[bool]] = {}
        self._before: dict[int, tuple[StepLook, dict[str, torch.Tensor]]] = {}
        self._probe: dict[int, tuple[Any, torch.Tensor]] = {}
        self._is_looking_phase = False
        self._loader: LoaderSeen | None = None
        self._modes: dict[int, bool] = {}
        self._wants_print = False
        self._schedule_depth = 0
        self._val_forwards = 0
        self._n_step_backward = 0
        self._last_loss: torch.Tensor | None = None

    # ------------------------------------------------------------ lifetime

    def __enter__(self) -> "Watch":
        seen, stack = self.seen, self._always
        stack.enter_context(patched(self))
        if isinstance(seen.loss_fn, nn.Module):
            handle = seen.loss_fn.register_forward_hook(self._after_loss)
            stack.callback(handle.remove)
        self.follow(*self._first)
        return self

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
            handle = model.register_forward_pre_hook(
                functools.partial(self._before_forward, i), with_kwargs=True
            )
            stack.callback(handle.remove)
            if hasattr(model, "_orig_mod"):
                seen.unseen.append(f"the layers of model {i}, as compiled")
        for optimizer in optimizers:
            i = len(seen.optimizers)
            seen.optimizers.append(optimizer)
            seen.n_updates.append(0)
            self._backward.append(0)
            for register, hook in (
                (optimizer.register_step_pre_hook, self._before_step),
                (optimizer.register_step_post_hook, self._after_step),
            ):
                handle = register(functools.partial(hook, i))
                stack.callback(handle.remove)
        self._set_close(False)
        self._set_close(True)

    def __exit__(self, *_error) -> None:
        self._closely.close()
        self._always.close()
        self._is_close = False
        self._arrived.clear()
        self._before.clear()
        looking.identical_units(self.seen)

    def report(self) -> Report:
        """Return the findings so far, the most likely cause first."""
        looking.identical_units(self.seen)
        return make_report(self.seen)

    @property
    def history(self) -> History:
        """What was seen at each looked-at step, for pictures."""
        return History(self.seen)

    # --------------------------------------------------------- close looks

    def _set_close(self, is_close: bool) -> None:
        self._arrived.clear()
        self._states.clear()
        self.looks_at_losses = is_close
        if is_close == self._is_close:
            return
        self._is_close = is_close
        self._closely.close()
        self._closely = contextlib.ExitStack()
        if not is_close:
            return
        for model in self.seen.models:
            looking.follow_layers(self.seen, model, self._closely)
            for parameter in model.parameters():
                if parameter.requires_grad and parameter.is_leaf:
                    name = self.seen.names.get(id(parameter))
                    if name is None:
                        continue
                    handle = parameter.register_hook(
                        functools.partial(self._at_gradient, name, parameter)
                    )
                    self._closely.callback(handle.remove)

    def _at_gradient(self, name: str, parameter: Any, gradient: Any) -> None:
        """See what a backward pass brings, before it is added."""
        with torch.no_grad():
            state = parameter.grad
            is_clear = state is None or (
                not state.is_sparse and not bool(state.any())
            )
            self._states.setdefault(name, []).append(is_clear)
            norm = 0.0 if gradient.is_sparse else float(gradient.norm())
            if gradient.is_sparse:
                norm = float(gradient.coalesce().values().norm())
            self._arrived.setdefault(name, []).append(norm)
            self.seen.reached.add(name)

    # --------------------------------------------------------------- hooks

    def _before_forward(self, number: int, model: Any, args, kwargs) -> None:
        seen = self.seen
        seen.n_forward += 1
        if not torch.is_grad_enabled():
            self._look_at_validation(model, args, kwargs)
            return
        seen.n_forward_training += 1
        self._is_looking_phase = False
        self._modes[number] = model.training
        loader = self._loader
        if number or torch.compiler.is_compiling():
            return
        if loader is not None:
            loader.n_training += 1
        if self._wants_print and loader is not None:
            self._wants_print = False
            loader.first_batches.append(looking.print_of(args, kwargs))
        if self._is_close:
            looking.at_batch(seen, args, kwargs)

    def _look_at_validation(self, model: Any, args, kwargs) -> None:
        seen = self.seen
        if not self._is_looking_phase:
            self._is_looking_phase = True
            seen.eval_phases += 1
            seen.phase_updates.append(sum(seen.n_updates))
            del seen.phase_updates[:-200]
            self._val_forwards = 0
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
            if value.requires_grad:
                self._last_loss = value.detach()
            else:
                self._validation_loss(value)

    def _validation_loss(self, value: torch.Tensor) -> None:
        seen = self.seen
        if torch.is_grad_enabled():
            return
        seen.val_losses.add(value.detach().clone())
        if any(model.training for model in seen.models):
            seen.val_losses_in_train_mode += 1
        else:
            seen.val_losses_in_eval_mode += 1

    def saw_loss(self, name: str, args, kwargs, value: Any) -> None:
        """See a loss of torch that was called."""
        seen = self.seen
        is_training = torch.is_grad_enabled()
        looking.at_loss(seen, name, args, kwargs, value, is_training)
        is_number = isinstance(value, torch.Tensor) and value.numel() == 1
        if not is_training and is_number and not self._is_module_loss():
            self._validation_loss(value)
        if is_training and is_number:
            self._last_loss = value.detach()

    def _is_module_loss(self) -> bool:
        is_module = isinstance(self.seen.loss_fn, nn.Module)
        return is_module and self.seen.loss_was_called

    def saw_backward(self, tensors: Any, args, kwargs) -> None:
        """See a backward pass that is about to start."""
        seen = self.seen
        seen.n_backward += 1
        self._backward = [n + 1 for n in self._backward]
        for number, is_training in self._modes.items():
            if is_training and not self._is_close:
                continue
            if not is_training:
                seen.eval_in_training.append((sum(seen.n_updates), number))
                del seen.eval_in_training[:-500]
            elif len(seen.train_in_training) < 500:
                seen.train_in_training.append((sum(seen.n_updates), number))
        self._modes.clear()
        retains = kwargs.get("retain_graph", args[1] if args[1:] else None)
        if retains:
            seen.n_retained += 1
        loss = tensors if isinstance(tensors, torch.Tensor) else None
        if loss is None and isinstance(tensors, (list, tuple)) and tensors:
            loss = tensors[0]
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            return
        if loss.grad_fn is None:
            seen.n_leaf_losses += 1
        elif self._is_close and seen.paired is None:
            looking.at_backward(seen, loss)
        value = loss.detach()
        if seen.n_scaled and self._last_loss is not None:
            value = self._last_loss
        seen.losses.add(value)

    def saw_loader(self, loader: Any) -> None:
        """See that somebody starts to iterate over a DataLoader."""
        loaders = self.seen.loaders
        if id(loader) not in loaders and len(loaders) >= 20:
            return
        self._loader = loaders.setdefault(id(loader), LoaderSeen(loader))
        self._loader.n_iterations += 1
        self._loader.at_updates.append(sum(self.seen.n_updates))
        del self._loader.at_updates[20:]
        self._wants_print = len(self._loader.first_batches) < 8

    def saw_scaler(self, scaler: Any) -> None:
        """See a scaler of gradients step, which may skip the update."""
        if scaler.is_enabled():
            self.seen.n_scaled += 1

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

    def _before_step(self, i: int, optimizer, args, kwargs) -> None:
        if not self._is_close:
            return
        seen = self.seen
        look = StepLook(seen.n_updates[i], i, n_backward=self._backward[i])
        look.rates = [float(group["lr"]) for group in optimizer.param_groups]
        before = {}
        with torch.no_grad():
            for name, parameter in self._own(optimizer):
                flat = parameter.detach().reshape(-1)[:MOST_NUMBERS]
                before[name] = flat.clone()
                look.weights[name] = float(flat.norm())
            probe = self._probe.get(i)
            if probe is not None:
                looking.was_reset(seen, *probe)
        self._before[i] = look, before
        self._see_gradients(i, optimizer, look)

    def _own(self, optimizer: Any) -> Iterator[tuple[str, Any]]:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                name = self.seen.names.get(id(parameter))
                if name is not None:
                    yield name, parameter

    def _see_gradients(self, i: int, optimizer: Any, look: StepLook) -> None:
        for name, parameter in self._own(optimizer):
            if parameter.grad is not None:
                gradient = parameter.grad.detach()
                if gradient.is_sparse:
                    gradient = gradient.coalesce().values()
                look.gradients[name] = float(gradient.norm())

    def _after_step(self, i: int, optimizer, args, kwargs) -> None:
        seen = self.seen
        look, before = self._before.pop(i, (None, {}))
        if look is not None:
            has_closure = bool(args) or bool(kwargs.get("closure"))
            if has_closure and callable(args[0] if args else kwargs["closure"]):
                look.n_backward = self._backward[i]
                look.gradients.clear()
                self._see_gradients(i, optimizer, look)
            self._see_update(i, optimizer, look, before)
        seen.n_updates[i] += 1
        self._backward[i] = 0
        is_new_round = seen.n_updates[i] > seen.rounds
        if is_new_round:
            seen.rounds = seen.n_updates[i]
            self._set_close(is_looked_at(seen.rounds))
        elif self._is_close:
            for name, _ in self._own(optimizer):
                self._arrived.pop(name, None)
                self._states.pop(name, None)

    def _see_update(self, i, optimizer, look: StepLook, before: dict) -> None:
        seen = self.seen
        if seen.losses.last is not None and look.n_backward:
            look.loss = float(seen.losses.last)
        with torch.no_grad():
            for name, parameter in self._own(optimizer):
                flat = parameter.detach().reshape(-1)[:MOST_NUMBERS]
                moved = float((flat - before[name]).norm())
                if moved:
                    seen.moved.add(name)
                look.ratios[name] = moved / (look.weights[name] + 1e-12)
                if name in self._arrived:
                    look.arrived[name] = sum(self._arrived[name])
                states = self._states.get(name)
                if states and not any(states):
                    look.uncleared.add(name)
                if i not in self._probe and flat.numel() > 1 and moved:
                    self._probe[i] = parameter, before[name][:1000]
            looking.silent_rows(seen, optimizer)
        if len(seen.steps) >= MOST_LOOKS:
            del seen.steps[DENSE + 5]
        seen.steps.append(look)
