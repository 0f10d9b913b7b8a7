"""A run of the loop, with what each of its steps did."""

import copy
from collections.abc import Callable

import torch

from helpers.pipeline import Configuration
from helpers.practice.calling import call
from helpers.practice.signs import Seen
from helpers.step_functions import make_train_step_fn, make_val_step_fn

STEPS = ("train_step_fn", "val_step_fn")


def numbers_of(model: torch.nn.Module) -> list[torch.Tensor]:
    """Return copies of the parameters of a model, on the CPU."""
    return [p.detach().cpu().clone() for p in model.parameters()]


def twin_of(
    configuration: Configuration,
    loss_fn: Callable,
    make_optimizer: Callable[..., torch.optim.Optimizer],
) -> Configuration:
    """Configure a copy of a model as the course does, to compare runs with.

    Args:
        configuration: whose model is copied, on its device.
        loss_fn: that it should have.
        make_optimizer: takes the parameters of the copy.
    """
    model = copy.deepcopy(configuration.model)
    optimizer = make_optimizer(model.parameters())
    return Configuration(
        device=configuration.device,
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, loss_fn, optimizer),
        val_step_fn=make_val_step_fn(model, loss_fn),
        writer=None,
    )


def trace_run(
    configuration: Configuration, run: Callable[[Configuration], object]
) -> list[Seen]:
    """Train, and note loss, parameters and mode of every step.

    The loop gets 0.0 from each step, whatever that returned, and has no look
    at the first batches: the run goes on to its end, with faults and all.

    Args:
        configuration: with all parts that the run needs.
        run: takes a configuration, and trains it.

    Returns:
        for each call of a step: its ``name``, its ``loss``, the parameters
        ``before`` and ``after``, the ``modes`` of all modules when the model
        was called (True: train mode), and the ``error`` if it wants gradients
        where they are off.
    """
    trace: list[Seen] = []

    def noted(name: str, batch) -> float:
        model, step = configuration.model, getattr(configuration, name)
        seen = Seen(name=name, before=numbers_of(model), loss=None, error=None)
        seen.modes = []

        def note_modes(module, _arguments) -> None:
            seen.modes += [part.training for part in module.modules()]

        handle = model.register_forward_pre_hook(note_modes)
        try:
            seen.loss = call(step, *batch, shown=f"{name}(x, y)")
        except RuntimeError as error:
            expected = "does not require grad" in str(error)
            if torch.is_grad_enabled() or not expected:
                raise
            seen.error = error
        finally:
            handle.remove()
        seen.after = numbers_of(model)
        trace.append(seen)
        return 0.0

    watched = copy.copy(configuration)
    watched.first_look = watched.put_back = False
    for name in STEPS:
        setattr(watched, name, lambda *batch, name=name: noted(name, batch))
    run(watched)
    return trace
