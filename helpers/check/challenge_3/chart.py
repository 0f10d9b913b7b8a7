"""What a loop does while it runs: batches, updates, rates."""

import contextlib

import torch
from torch.nn.modules import module as modules
from torch.optim.optimizer import register_optimizer_step_pre_hook

from helpers.practice import Seen


class Chart:
    """Notes every call of a model and every update, as a context manager.

    Attributes:
        calls: of each call of a model: ``rows``, numbers that tell its rows
            apart, ``trains``, whether all of it was in train mode, and
            ``learns``, whether a gradient came back, and ``adds``, whether it
            was added to another that lay there.
        rates: the learning rate of each update.
        optimizers: the kinds of optimizers that made them.
    """

    def __init__(self):
        self.calls: list[Seen] = []
        self.rates: list[float] = []
        self.optimizers: set[str] = set()
        self._depth = 0

    def __enter__(self):
        self._hooks = contextlib.ExitStack()
        for hook in (
            register_optimizer_step_pre_hook(self._at_step),
            modules.register_module_forward_pre_hook(self._before),
            modules.register_module_forward_hook(self._after, always_call=True),
        ):
            self._hooks.callback(hook.remove)
        return self

    def __exit__(self, *_):
        self._hooks.close()

    def _at_step(self, optimizer, *_) -> None:
        self.rates.append(float(optimizer.param_groups[0]["lr"]))
        self.optimizers.add(type(optimizer).__name__)

    def _before(self, *_) -> None:
        self._depth += 1

    def _after(self, module, args, output) -> None:
        self._depth -= 1
        if self._depth or not torch.is_tensor(output) or not args:
            return
        if not any(True for _ in module.parameters()):
            return  # a loss
        trains = all(part.training for part in module.modules())
        call = Seen(
            rows=rows_of(args[0]), trains=trains, learns=False, adds=False
        )
        if output.requires_grad:
            output.register_hook(lambda _: _note_backward(call, module))
        self.calls.append(call)


def _note_backward(call: Seen, model) -> None:
    """Note that a gradient comes back; called before any is added."""
    call.learns = True
    gradients = [parameter.grad for parameter in model.parameters()]
    call.adds = any(g is not None and bool(g.any()) for g in gradients)


def rows_of(x: torch.Tensor) -> list[float]:
    """Return a number per row, alike for equal rows alone."""
    flat = x.detach().flatten(1).double()  # [n, features]
    weights = torch.arange(1, flat.shape[1] + 1, dtype=torch.float64).sqrt()
    return [round(value, 8) for value in (flat @ weights).tolist()]
