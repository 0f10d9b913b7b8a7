"""Checkers of chapter 10: a full configuration, a cycle, a wrapped step."""

import copy
import itertools
import math
import re
from types import SimpleNamespace

import torch
from torch import nn, optim
from torch.optim.lr_scheduler import CyclicLR
from torch.utils.data import DataLoader, TensorDataset

from helpers.errors import CourseError
from helpers.practice.exercise import call, code, exercise, kind
from helpers.practice.probes import close
from helpers.practice.verdict import wrong
from helpers.step_functions import make_train_step_fn, make_val_step_fn

BOX = "chapter 10, the section *The same skeleton for any model*"
CYCLE = "chapter 10, the section *Learning rates that move*"
WRAPPER = "chapter 10, the section *Who calls `scheduler.step()`?*"
HOLDS = "chapter 01, the section *What the step holds*"

# ------------------------------------------------------ a box of one's own

PARTS = (
    *("device", "model", "loss_fn", "optimizer"),
    *("train_step_fn", "val_step_fn", "writer"),
)
MOMENTUM = 0.9


@exercise("10.1", "A box of your own", minutes=10, level="medium", look=BOX)
def my_model(configure_my_model):
    """Check ``configure_my_model(lr)``, which returns a Configuration.

    Its model has 8 tanh units; SGD with momentum 0.9 trains it.
    """
    first = _configured(configure_my_model, 0.02)
    torch.rand(3)  # whoever seeds by themselves does not mind
    second = _configured(configure_my_model, 0.02)
    _check_two(first, second)
    _check_two(first, _configured(configure_my_model, 0.005))
    for lr in (0.02, 0.005):
        box = _configured(configure_my_model, lr)
        _check_model(box)
        _check_loss(box)
        _check_optimizer(box, lr)
        _check_steps(box, lr)
    third = _configured(configure_my_model, 0.02)
    fourth = _configured(configure_my_model, 0.02)
    _check_training(third, 0.02)
    _check_training(fourth, 0.02)  # the training of another is none of it
    return (
        "Model, optimizer and steps know each other, and the loop of version "
        "6 trains them as it trains a line."
    )


def _configured(configure, lr: float):
    """Build a configuration, and see that it is one, with all parts."""
    from helpers.pipeline import Configuration

    shown = f"configure_my_model({lr})"
    box = call(configure, lr, shown=shown)
    if not isinstance(box, Configuration):
        wrong(
            "returns_nothing" if box is None else "no_configuration",
            expected=f"{code(shown)} returns a `Configuration`.",
            found=f"It returns {kind(box)}.",
            cause="`return` is missing."
            if box is None
            else "The parts are there perhaps, and not in the box: "
            "`return Configuration(device=device, model=model, ...)`.",
        )
    missing = [name for name in PARTS if name not in vars(box)]
    if missing:
        wrong(
            "missing_part",
            expected=f"The parts {', '.join(f'`{n}`' for n in PARTS)}.",
            found=f"Missing: {', '.join(f'`{n}`' for n in missing)}.",
            cause="The loop of version 6 uses all seven. A name may be "
            "misspelt.",
        )
    if box.writer is not None:
        wrong(
            "writer",
            expected="`writer=None`: nothing is logged.",
            found=f"{kind(box.writer)}.",
            cause="A writer opens a file below `runs/` at once. The exercise "
            "asks for none.",
        )
    if not isinstance(box.model, nn.Module):
        wrong(
            "no_model",
            expected="`model` is a module of PyTorch.",
            found=f"{kind(box.model)}.",
            cause="A class or a list of layers in place of the model. "
            "`nn.Sequential(...)` makes a model of layers.",
        )
    for name in ("loss_fn", "train_step_fn", "val_step_fn"):
        _check_function(name, getattr(box, name))
    _check_device(box)
    return box


def _check_function(name: str, part) -> None:
    """Look whether a part is a function, and not what it returns."""
    if callable(part) and not isinstance(part, type):
        return
    is_loss = name == "loss_fn"
    wrong(
        "other_loss" if is_loss else "no_function",
        expected=f"`{name}` can be called with two tensors.",
        found=f"{kind(part)}.",
        cause="`nn.MSELoss()`, with brackets, makes a loss of the class."
        if is_loss
        else "It was called while the box was filled. The builder returns the "
        "step: that goes in, without brackets behind it.",
    )


def _check_device(box) -> None:
    wanted = torch.device(box.device)
    places = {parameter.device.type for parameter in box.model.parameters()}
    if places - {wanted.type}:
        wrong(
            "device",
            expected="The model is on the device that stands in the box.",
            found=f"`device` says {wanted.type}, the model is on "
            f"{', '.join(sorted(places))}.",
            cause="`.to(device)` is missing, or the name of a device was "
            "written down. `find_device()` finds one that is there.",
        )


def _check_two(first, second) -> None:
    one, two = first.model, second.model
    shared = {id(p) for p in one.parameters()} & {
        id(p) for p in two.parameters()
    }
    if shared:
        wrong(
            "shared_model",
            expected="Each call builds a model of its own.",
            found="Two calls returned the same parameters.",
            cause="The model is built outside of the function, once. A second "
            "training would go on where the first one ended.",
        )
    same = close(_numbers_of(one), _numbers_of(two))
    if not same:
        wrong(
            "not_seeded",
            expected="Two calls start from the same weights.",
            found="They start from different ones.",
            cause="`torch.manual_seed(...)` is missing in the function, comes "
            "after the model, or depends on `lr`. In the page it counts only "
            "once.",
        )


def _numbers_of(model) -> list[torch.Tensor]:
    return [p.detach().cpu().clone() for p in model.parameters()]


def _points(device, n: int = 16, seed: int = 3) -> tuple:
    numbers = torch.Generator().manual_seed(seed)
    x = 4 * torch.rand(n, 1, generator=numbers) - 2
    return x.to(device), torch.sin(3 * x).to(device)


def _check_model(box) -> None:
    """Compare with the formula of 8 tanh units, however it is written."""
    numbers = _numbers_of(box.model)
    sizes = sorted(part.numel() for part in numbers)
    if sizes != [1, 8, 8, 8]:
        wrong(
            "other_layers",
            expected="25 parameters: 8 weights and 8 biases of the hidden "
            "layer, 8 weights and 1 bias behind it.",
            found=f"{sum(sizes)} parameters, in tensors of "
            f"{', '.join(map(str, sizes)) or 'no size at all'}.",
            cause="The layers are `nn.Linear(1, 8)` and `nn.Linear(8, 1)`, "
            "with `nn.Tanh()` between them.",
        )
    _check_kind_of_numbers(box.model)
    x, _ = _points(box.device)
    yhat = _predicted(box.model, x)
    if not isinstance(yhat, torch.Tensor) or yhat.shape != x.shape:
        wrong(
            "other_shape",
            expected="The model predicts [n, 1] from [n, 1].",
            found=f"{kind(yhat)} from 16 rows.",
            cause="The output was squeezed or flattened.",
        )
    x, yhat = x.cpu(), yhat.cpu()
    if _fits(numbers, x, yhat, torch.tanh):
        return
    between = {
        "ReLU": torch.relu,
        "a sigmoid": torch.sigmoid,
        "nothing, so that it is a straight line": lambda z: z,
    }
    names = [n for n, f in between.items() if _fits(numbers, x, yhat, f)]
    wrong(
        "no_tanh",
        expected="A tanh between the two linear layers.",
        found=f"Between them is {names[0]}."
        if names
        else "The model computes something else.",
        cause="`nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))` "
        "has it in the middle, and nothing at the end.",
    )


def _check_kind_of_numbers(model) -> None:
    """Look for parameters that cannot be trained, or not on this data."""
    if not all(p.requires_grad for p in model.parameters()):
        wrong(
            "frozen",
            expected="All parameters are trained.",
            found="Some ask for no gradient.",
            cause="`requires_grad_(False)` freezes a layer: no step moves it.",
        )
    dtypes = {p.dtype for p in model.parameters()}
    if dtypes != {torch.float32}:
        names = [str(dtype).removeprefix("torch.") for dtype in dtypes]
        wrong(
            "dtype",
            expected="32-bit parameters, as the data has 32-bit numbers.",
            found=f"{', '.join(sorted(names))}.",
            cause="`.double()`, `.half()` or another default changed them. "
            "PyTorch makes 32-bit ones by itself.",
        )


def _predicted(model, x):
    """Ask copies of a model, in both modes."""
    try:
        with torch.no_grad():
            yhat, in_train_mode = (
                copy.deepcopy(model).train(mode)(x) for mode in (False, True)
            )
    except RuntimeError as error:
        if "shapes cannot be multiplied" not in str(error):
            raise
        wrong(
            "other_layers",
            expected="The model predicts [n, 1] from [n, 1].",
            found=f"It cannot: {error}.",
            cause="The layers stand in another order: `nn.Linear(1, 8)` comes "
            "first, `nn.Linear(8, 1)` last.",
        )
    if isinstance(yhat, torch.Tensor) and not close(yhat, in_train_mode):
        wrong(
            "other_layers",
            expected="Two linear layers and a tanh, the same in both modes.",
            found="In train mode the model answers differently.",
            cause="There is a layer more, such as dropout.",
        )
    return yhat


def _fits(numbers, x, yhat, activation) -> bool:
    """Whether the numbers give these predictions, in some order."""
    eights = [part.flatten() for part in numbers if part.numel() == 8]
    (last,) = (part.flatten() for part in numbers if part.numel() == 1)
    return any(
        close((activation(x * w + b) @ v).reshape(-1, 1) + last, yhat, 1e-4)
        for w, b, v in itertools.permutations(eights)
    )


def _check_loss(box) -> None:
    x, y = _points(box.device)
    found = call(box.loss_fn, x, y, shown="loss_fn(yhat, y)")
    expected = ((x - y) ** 2).mean().item()
    is_number = isinstance(found, torch.Tensor) and found.numel() == 1
    if is_number and close(found.item(), expected):
        return
    wrong(
        "other_loss",
        expected="`loss_fn` is the mean squared error: "
        f"{expected:.4f} for 16 points.",
        found=f"{found.item():.4f}." if is_number else f"{kind(found)}.",
        cause="Another loss, or another reduction. `nn.MSELoss()` is the mean. "
        "The brackets make a loss of the class.",
    )


def _check_optimizer(box, lr: float) -> None:
    if not isinstance(box.optimizer, optim.Optimizer):
        wrong(
            "no_optimizer",
            expected="`optimizer` is an optimizer of PyTorch.",
            found=f"{kind(box.optimizer)}.",
            cause="`optim.SGD(model.parameters(), lr=lr, momentum=0.9)` makes "
            "one.",
        )
    groups = box.optimizer.param_groups
    theirs = [id(p) for group in groups for p in group["params"]]
    ours = [id(p) for p in box.model.parameters()]
    if sorted(theirs) != sorted(ours):
        n_known = len(set(theirs) & set(ours))
        wrong(
            "other_parameters",
            expected="The optimizer holds all parameters of this model.",
            found=f"It holds {n_known} of the model's {len(ours)} tensors, "
            f"and {len(theirs) - n_known} others.",
            cause="It was built from another model, from a part of this one, "
            "or before the model was.",
            look=HOLDS,
        )
    name = type(box.optimizer).__name__
    if not isinstance(box.optimizer, optim.SGD):
        wrong(
            "other_optimizer",
            expected="SGD with momentum 0.9.",
            found=f"`{name}`.",
            cause="The optimizer of the page was kept. "
            "`optim.SGD(..., momentum=0.9)` is the one that is asked for.",
        )
    rates = {float(group["lr"]) for group in groups}
    if any(not math.isclose(rate, lr) for rate in rates):
        wrong(
            "lr_ignored",
            expected=f"`configure_my_model({lr})` trains with {lr}.",
            found=f"The optimizer has {', '.join(f'{r:g}' for r in rates)}.",
            cause="A number stands where the argument `lr` should.",
        )
    momenta = {float(group["momentum"]) for group in groups}
    if momenta != {MOMENTUM}:
        wrong(
            "momentum",
            expected="Momentum 0.9.",
            found=f"{', '.join(f'{m:g}' for m in momenta)}.",
            cause="`momentum=0.9` is an argument of `optim.SGD`; without it "
            "there is none.",
        )
    for name in ("weight_decay", "dampening", "nesterov", "maximize"):
        if any(group[name] for group in groups):
            wrong(
                "other_settings",
                expected=f"`{name}` as PyTorch has it, switched off.",
                found=f"It is {groups[0][name]}.",
                cause="Besides `lr` and `momentum` the exercise asks for no "
                "setting of the optimizer.",
            )


def _reference(box, lr: float):
    """Build the same training from the course's parts, around a copy."""
    from helpers.pipeline import Configuration

    model, loss_fn = copy.deepcopy(box.model), nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=MOMENTUM)
    return Configuration(
        device=box.device,
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, loss_fn, optimizer),
        val_step_fn=make_val_step_fn(model, loss_fn),
        writer=None,
    )


def _check_steps(box, lr: float) -> None:
    """Call both steps by hand, beside the same steps of the course."""
    ours = _reference(box, lr)
    x, y = _points(box.device)
    before = _numbers_of(box.model)
    with torch.no_grad():  # as in the loop
        expected = ours.val_step_fn(x, y)
        try:
            loss = call(box.val_step_fn, x, y, shown="val_step_fn(x, y)")
        except RuntimeError as error:
            if "does not require grad" not in str(error):
                raise
            _val_step_trains("It runs `backward`, and there is no graph.")
    _check_step_loss("val_step_fn", loss, expected)
    if not close(_numbers_of(box.model), before):
        _val_step_trains("It moved the parameters.")
    if box.model.training:
        wrong(
            "val_in_train_mode",
            expected="`val_step_fn` puts the model into eval mode.",
            found="The model was in train mode after it.",
            cause="The training step stands in its place, or `model.eval()` "
            "is missing. `make_val_step_fn(model, loss_fn)` does it.",
        )
    for _ in range(3):
        loss, expected = call(box.train_step_fn, x, y), ours.train_step_fn(x, y)
        _check_step_loss("train_step_fn", loss, expected)
        _check_update(box, ours, before)
        if not box.model.training:
            wrong(
                "train_in_eval_mode",
                expected="`train_step_fn` puts the model into train mode.",
                found="It was in eval mode, as the validation had left it.",
                cause="`model.train()` is missing in the step. "
                "`make_train_step_fn(model, loss_fn, optimizer)` has it.",
            )


def _val_step_trains(found: str) -> None:
    wrong(
        "val_step_trains",
        expected="`val_step_fn` measures, and leaves the model as it is.",
        found=found,
        cause="A training step stands in its place. "
        "`make_val_step_fn(model, loss_fn)` builds the other one.",
    )


def _check_step_loss(name: str, found, expected: float) -> None:
    if isinstance(found, (int, float)) and close(found, expected):
        return
    wrong(
        "other_step",
        expected=f"`{name}(x, y)` gives the loss of the model in the box, "
        f"{expected:.4f}.",
        found=f"{found:.4f}."
        if isinstance(found, float)
        else f"{kind(found)}.",
        cause="`.item()` is missing in the step."
        if isinstance(found, torch.Tensor)
        else "The step was built from another model or another loss, or it "
        "is the builder itself.",
        look=HOLDS,
    )


def _check_update(box, ours, before) -> None:
    found = _numbers_of(box.model)
    if close(found, _numbers_of(ours.model)):
        return
    if close(found, before):
        wrong(
            "step_trains_nothing",
            expected="`train_step_fn` moves the parameters of the model.",
            found="They stay where they are.",
            cause="The validation step stands in its place, or the step holds "
            "an optimizer of another model.",
            look=HOLDS,
        )
    if not box.optimizer.state:
        wrong(
            "other_optimizer_in_step",
            expected="`train_step_fn` works with the optimizer in the box.",
            found="It moved the parameters, and that optimizer did nothing.",
            cause="The step was built first and still holds an optimizer from "
            "before. Model, optimizer, steps: in this order, always all.",
            look=HOLDS,
        )
    wrong(
        "other_update",
        expected="Three steps lead where SGD with momentum 0.9 leads.",
        found="The parameters are elsewhere.",
        cause="The step does more or less than one update, keeps gradients "
        "of the call before, or changes the learning rate.",
    )


def _check_training(box, lr: float) -> None:
    """Train a few epochs with version 6, beside ours."""
    from helpers.model_training import v6 as model_training

    ours = _reference(box, lr)
    results = []
    for one in (ours, box):
        x, y = _points("cpu", 32)
        data = TensorDataset(x, y)
        generator = torch.Generator().manual_seed(0)
        loader = DataLoader(data, 8, shuffle=True, generator=generator)
        val_loader = DataLoader(data, 16)
        try:
            losses = model_training.train(one, loader, val_loader, n_epochs=3)
        except CourseError as error:
            wrong(
                "refused_by_loop",
                expected="`model_training.train` of version 6 trains it.",
                found=f"It says: {str(error).rstrip('.')}.",
                cause="The watch of the loop saw it in the first batches. Its "
                "sentence names the cause.",
            )
        results.append(losses)
    expected, found = results
    if all(map(close, expected, found)):
        return
    wrong(
        "other_training",
        expected="Losses of three epochs: "
        f"{', '.join(f'{v:.4f}' for v in expected[0])}.",
        found=f"{', '.join(f'{v:.4f}' for v in found[0])}.",
        cause="Something is carried from one configuration to the next, or "
        "the steps differ from those of the course.",
    )


# ------------------------------------------------------------ the triangle


@exercise(
    "10.2", "The triangle by formula", minutes=8, level="medium", look=CYCLE
)
def triangle(triangle):
    """Check ``triangle(step, base_lr, max_lr, step_size_up)``."""
    value = call(triangle, 0, 0.02, 0.4, 20, shown="triangle(0, 0.02, 0.4, 20)")
    _check_number(value)
    settings = ((0.02, 0.4, 20), (0.1, 0.3, 5), (0.0, 1.0, 1), (1e-3, 2.0, 7))
    for setting in settings:
        _compare_cycle(triangle, setting)
    for step in (7, 3, 59, 3, 0, 1007):  # in any order
        found = call(triangle, step, *settings[0])
        if not close(found, _triangle(step, *settings[0]), 1e-6):
            wrong(
                "remembers",
                expected=f"`triangle({step}, 0.02, 0.4, 20)` gives "
                f"{_triangle(step, *settings[0]):.4f}, whatever was asked "
                "before.",
                found=f"{found:.4f}.",
                cause="Something is counted or stored between two calls, or "
                "it holds for the first cycles only. A formula of the "
                "arguments is enough.",
            )
    return "It agrees with `CyclicLR` at every step, over six cycles."


def _check_number(value, step=0, setting=(0.02, 0.4, 20)) -> None:
    asked = f"`triangle({step}, {_listed(setting)})`"
    if value is None:
        wrong(
            "returns_nothing",
            expected=f"{asked} gives a number.",
            found="`None`.",
            cause="It computes or prints, and does not `return`."
            if step == 0
            else "Other steps got one. No branch of an `if` holds for this "
            "step, or the one that does has no `return`.",
        )
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        wrong(
            "no_number",
            expected=f"{asked} gives a number, a Python float.",
            found=f"{kind(value)}.",
            cause="It returns a list of all rates, a text, a tensor or a "
            "scheduler. Asked for is the rate of this one step, a float.",
        )


def _listed(setting) -> str:
    return ", ".join(f"{value:g}" for value in setting)


def _cyclic(base_lr, max_lr, step_size_up, n_steps) -> list[float]:
    """Return what CyclicLR of torch gives."""
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = CyclicLR(
        optimizer, base_lr, max_lr, step_size_up, cycle_momentum=False
    )
    lrs = []
    for _ in range(n_steps):
        lrs.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return lrs


def _triangle(step, base_lr, max_lr, step_size_up) -> float:
    """Return the rate of one step, by formula."""
    place = step % (2 * step_size_up)
    height = 1 - abs(place / step_size_up - 1)
    return base_lr + (max_lr - base_lr) * height


def _compare_cycle(triangle, setting) -> None:
    n_steps = 12 * setting[2] + 1
    expected = _cyclic(*setting, n_steps)
    found = []
    for step in range(n_steps):
        value = call(triangle, step, *setting)
        _check_number(value, step, setting)
        found.append(value)
    if close(found, expected, 1e-6):
        return
    _diagnose_cycle(found, expected, setting)


def _rise(step, base, top, up) -> float:
    """Return a straight line from base to top, that goes on for ever."""
    return base + (top - base) * step / up


def _height(step, up) -> float:
    """Return how many steps above the base a step is."""
    place = step % (2 * up)
    return min(place, 2 * up - place)


def _clipped(step, base, top, up) -> float:
    return _triangle(min(step, 2 * up), base, top, up)


SUSPECTS = {
    "saw_tooth": (
        lambda s, b, m, up: _rise(s % up, b, m, up),
        "the rate jumps back to `base_lr` after each rise",
        "The way down is missing. A cycle has `2 * step_size_up` steps: take "
        "the step modulo that, and mirror the second half.",
    ),
    "saw_tooth of the cycle": (
        lambda s, b, m, up: _rise(s % (2 * up), b, m, up),
        "the rate rises on, beyond `max_lr`, and jumps back after the cycle",
        "The way down is missing. The second half of a cycle mirrors the "
        "first.",
    ),
    "never_turns": (
        _rise,
        "the rate rises for ever",
        "The way down is missing: nothing turns the line at `step_size_up`.",
    ),
    "never_falls": (
        lambda s, b, m, up: _rise(min(s, up), b, m, up),
        "the rate rises to `max_lr` and stays there",
        "`min` holds it at the top. A cycle comes down again.",
    ),
    "never_repeats": (
        _clipped,
        "there is one triangle, and then the rate stays at `base_lr`",
        "The step counts on. Taken modulo `2 * step_size_up`, it begins "
        "anew in every cycle.",
    ),
    "never_repeats and falls on": (
        lambda s, b, m, up: b + (m - b) * (1 - abs(s / up - 1)),
        "after one triangle, the rate falls on, below `base_lr`",
        "The step counts on. Taken modulo `2 * step_size_up`, it begins "
        "anew in every cycle.",
    ),
    "off_by_one": (
        lambda s, b, m, up: _triangle(s + 1, b, m, up),
        "every rate comes one step too early",
        "Steps are counted from 0: at step 0 the rate is `base_lr`.",
    ),
    "off_by_one late": (
        lambda s, b, m, up: _triangle(s - 1, b, m, up),
        "every rate comes one step too late",
        "Steps are counted from 0: at step 0 the rate is `base_lr`.",
    ),
    "starts_high": (
        lambda s, b, m, up: _triangle(s + up, b, m, up),
        "the cycle begins at `max_lr` and falls first",
        "The triangle stands on its head: it rises first.",
    ),
    "no_base": (
        lambda s, b, m, up: _triangle(s, 0, m - b, up),
        "all rates are too small by `base_lr`",
        "The rise begins at `base_lr`, so that has to be added.",
    ),
    "too_high": (
        lambda s, b, m, up: _triangle(s, b, m + b, up),
        "the top is too high by `base_lr`",
        "From base to top it is `max_lr - base_lr`, not `max_lr`.",
    ),
    "from_zero": (
        lambda s, b, m, up: _triangle(s, 0, m, up),
        "the triangle begins at 0",
        "`base_lr` is not used, or only as a lower limit.",
    ),
    "cosine": (
        lambda s, b, m, up: b + (m - b) * (1 - math.cos(math.pi * s / up)) / 2,
        "the rate follows a cosine",
        "A triangle has straight sides.",
    ),
    "too_fast": (
        lambda s, b, m, up: _triangle(2 * s, b, m, up),
        "the whole triangle takes `step_size_up` steps",
        "That is the length of the rise alone. A cycle takes twice as many.",
    ),
    "too_slow_cycle": (
        lambda s, b, m, up: _triangle(s / 2, b, m, up),
        "the rise alone takes `2 * step_size_up` steps",
        "The rise takes `step_size_up` steps, the whole cycle twice as many.",
    ),
    "whole_division": (
        lambda s, b, m, up: b + (m - b) * (1 - abs(s % (2 * up) // up - 1)),
        "there are only two rates, `base_lr` and `max_lr`",
        "`//` divides without a remainder. `/` gives the fraction of the way.",
    ),
    "whole_division of the product": (
        lambda s, b, m, up: b + (m - b) * _height(s, up) // up,
        "the rate stays at `base_lr` until the rise is whole",
        "`//` divides without a remainder. `/` gives the fraction of the way.",
    ),
    "brackets": (
        lambda s, b, m, up: _rise(_height((s % 2) * up, up), b, m, up),
        "the rate jumps at every step",
        "`step % 2 * step_size_up` takes the step modulo 2 and multiplies "
        "then. Brackets help: `step % (2 * step_size_up)`.",
    ),
    "brackets of the way": (
        lambda s, b, m, up: b + m - b * _height(s, up) / up,
        "`max_lr` is added whole, and only `base_lr` is scaled",
        "The way from base to top needs brackets: `(max_lr - base_lr)`.",
    ),
    "too_long": (
        lambda s, b, m, up: _rise(
            min(p := s % (2 * up + 1), 2 * up - p), b, m, up
        ),
        "the base lasts two steps each time",
        "The base at the end of a cycle is the one at which the next begins: "
        "a cycle has `2 * step_size_up` steps, and not one more.",
    ),
    "stands_on_its_end": (
        lambda s, b, m, up: _rise(2 * up - _height(s, up), b, m, up),
        "the rate begins far above `max_lr`",
        "Of the two sides of the triangle, the lower one counts: `min`, not "
        "`max`.",
    ),
    "long_top": (
        lambda s, b, m, up: (
            _rise(s % (2 * up + 2), b, m, up)
            if s % (2 * up + 2) <= up
            else _rise(2 * up + 1 - s % (2 * up + 2), b, m, up)
        ),
        "top and base last two steps each",
        "Each of them belongs to one side only: the cycle has "
        "`2 * step_size_up` steps.",
    ),
    "uneven_way_down": (
        lambda s, b, m, up: (
            _rise(s % (2 * up), b, m, up)
            if s % (2 * up) < up
            else _rise(2 * up - 1 - s % (2 * up), b, m, up)
        ),
        "the way down is one step ahead of the way up",
        "Mirrored is `2 * step_size_up - step`, without a 1: the base is "
        "reached when the next cycle begins.",
    ),
}


def _diagnose_cycle(found, expected, setting) -> None:
    steps = range(len(expected))
    step = next(s for s in steps if not close(found[s], expected[s], 1e-6))
    asked = f"`triangle({step}, {_listed(setting)})` gives "
    asked += f"{expected[step]:.4f}."
    for name, (suspect, what, cause) in SUSPECTS.items():
        if close(found, [float(suspect(s, *setting)) for s in steps], 1e-6):
            wrong(
                name.split(" ")[0],
                expected=asked,
                found=f"{found[step]:.4f}; {what}.",
                cause=cause,
            )
    if f"{found[step]:.4f}" == f"{expected[step]:.4f}":
        wrong(
            "rounded",
            expected=f"{asked[:-1]} and some more digits.",
            found="The first four digits agree, and later ones do not.",
            cause="The rate was rounded. Return it as it is.",
        )
    wrong(
        "other_formula",
        expected=asked,
        found=f"{found[step]:.4f}.",
        cause="The first step where it differs from `CyclicLR` is "
        f"{step}. The rate rises in equal steps for `step_size_up` steps, "
        "falls for as many, and begins anew.",
    )


# ----------------------------------------------------------- a wrapped step


@exercise(
    "10.3", "A step that keeps a record", minutes=5, level="easy", look=WRAPPER
)
def with_record(with_record):
    """Check ``with_record(train_step_fn, record)``, which returns a step."""
    _check_first_call(with_record)
    _check_more_calls(with_record)
    _check_on_top(with_record)
    return (
        "The loop does not notice: it calls a step and gets a loss, and your "
        "list fills with one number a mini-batch."
    )


def _make_step(losses):
    """Build a step that gives these losses in turn and notes its arguments."""
    asked, rest = [], iter(losses)

    def train_step_fn(x, y):
        asked.append((x, y))
        return next(rest, 0.0)

    return SimpleNamespace(fn=train_step_fn, asked=asked)


def _wrapped(with_record, step, record):
    """Build the new step; nothing may have happened yet."""
    before = list(record)
    shown = "with_record(train_step_fn, record)"
    wrapped = call(with_record, step.fn, record, shown=shown)
    if step.asked:
        wrong(
            "runs_at_once",
            expected="Building the new step does not train.",
            found="The given step ran while the new one was built.",
            cause="`train_step_fn(x, y)` belongs into the inner function, "
            "which takes `x` and `y`.",
        )
    if record != before:
        wrong(
            "touches_record",
            expected="Building the new step leaves the list as it is.",
            found=f"It held {code(str(before))} and holds {code(str(record))}.",
            cause="`clear`, `append` or an assignment stands in the outer "
            "function. A list may have entries from before.",
        )
    if wrapped is None or not callable(wrapped):
        wrong(
            "builder_returns_nothing" if wrapped is None else "no_function",
            expected=f"{code(shown)} returns a step, a function.",
            found=f"It returns {kind(wrapped)}.",
            cause="The inner function is defined and not returned, or it was "
            "called. `return` it by its name, without brackets.",
        )
    if wrapped is step.fn:
        wrong(
            "not_wrapped",
            expected="A new step, which also writes the loss down.",
            found="The step that was given came back.",
            cause="`return` names the argument, not the inner function.",
        )
    return wrapped


def _do(wrapped, x, y):
    """Call the new step; an assignment to the list inside gets a name."""
    try:
        return call(wrapped, x, y, shown="recorded_step_fn(x, y)")
    except UnboundLocalError as error:
        name = (re.findall(r"'(\w+)'", str(error)) or ["record"])[0]
        wrong(
            "assigns_inside",
            expected="The list that was passed grows.",
            found=f"`UnboundLocalError`: {error}.",
            cause=f"The inner function assigns to `{name}`, by `=` or `+=`, "
            "which makes it a name of its own, and uses it before. A list "
            "needs no `=`: `record.append(loss)`. A loss is computed first "
            "and written down then.",
        )


def _batch(seed: int) -> tuple:
    numbers = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(4, 1, generator=numbers) for _ in range(2))


def _check_first_call(with_record) -> None:
    record, step = [], _make_step([0.75, 0.5, 0.25])
    wrapped = _wrapped(with_record, step, record)
    x, y = _batch(1)
    result = _do(wrapped, x, y)
    _check_asked(step.asked, x, y)
    _check_returned(result)
    _check_record(record, [0.75], "one call")


def _check_asked(asked: list, x, y) -> None:
    expected = "The given step is called once, as `train_step_fn(x, y)`."
    if not asked:
        wrong(
            "never_asked",
            expected=expected,
            found="It was never called.",
            cause="A step of the page was used in its place, or a line is "
            "missing.",
        )
    if len(asked) > 1:
        wrong(
            "twice",
            expected=expected,
            found=f"It was called {len(asked)} times.",
            cause="Once for the list and once for `return`: that trains "
            "twice. Keep the loss in a name.",
        )
    first, second = asked[0]
    if _same(first, x) and _same(second, y):
        return
    swapped = _same(first, y) and _same(second, x)
    wrong(
        "swapped" if swapped else "other_batch",
        expected=expected,
        found="`x` and `y` changed places."
        if swapped
        else "It got something else than the batch.",
        cause="Pass both on as they come: features first, labels second.",
    )


def _same(a, b) -> bool:
    return isinstance(a, torch.Tensor) and torch.equal(a, b)


def _check_returned(result) -> None:
    if isinstance(result, float) and result == 0.75:
        return
    if result is None:
        wrong(
            "returns_nothing",
            expected="The new step returns the loss, 0.75.",
            found="`None`.",
            cause="`return loss` is missing. (`append` returns nothing.)",
        )
    wrong(
        "returns_record" if isinstance(result, list) else "returns_other",
        expected="The new step returns the loss as it is, 0.75, a number.",
        found=f"{kind(result)}.",
        cause="The loop takes the mean of what a step returns, so it has to be "
        "what the given step returned.",
    )


def _check_record(record: list, expected: list, when: str) -> None:
    if record == expected and all(type(v) is float for v in record):
        return
    asked = f"After {when} the list holds {code(str(expected))}."
    found = f"It holds {code(str(record))}."
    same_length = len(record) == len(expected)
    if same_length and not all(type(value) is float for value in record):
        _other_entries(asked, found)
    if record == expected[: len(record)] and len(record) < len(expected):
        wrong(
            "not_recorded",
            expected=asked,
            found=found,
            cause="`record.append(loss)` is missing in the inner function, or "
            "another list grew: `record + [loss]` makes a new one.",
        )
    if record == expected[::-1]:
        wrong(
            "wrong_order",
            expected=asked,
            found=found,
            cause="`insert(0, loss)` puts the newest first; `append` puts it "
            "at the end.",
        )
    if len(record) > len(expected):
        wrong(
            "too_many",
            expected=asked,
            found=found,
            cause="More than one entry a call.",
        )
    if same_length:
        _other_entries(asked, found)
    wrong(
        "entries_lost",
        expected=asked,
        found=found,
        cause="Entries from before were removed or replaced. The list only "
        "grows.",
    )


def _other_entries(asked: str, found: str) -> None:
    wrong(
        "other_entries",
        expected=asked,
        found=found,
        cause="What is written down is not the loss as the step returned it: a "
        "text, a tensor, a list around it, a rounded number, or `x`.",
    )


def _check_more_calls(with_record) -> None:
    """Two steps and two lists, one of which has an entry already."""
    one, two = _make_step([0.3, 0.0, 0.0]), _make_step([7.0, 6.0])
    first, second = [9.0], []
    first_fn = _wrapped(with_record, one, first)
    second_fn = _wrapped(with_record, two, second)
    results = [
        _do(first_fn, *_batch(1)),
        _do(second_fn, *_batch(2)),
        _do(first_fn, *_batch(3)),
        _do(first_fn, *_batch(1)),
    ]
    if len(one.asked) == 3 and results[0] != 0.3:
        wrong(
            "returns_other",
            expected="The new step returns the loss as it is, 0.3.",
            found=f"{kind(results[0])}, when the list held an entry before.",
            cause="What it returns was made from the list, such as a mean. The "
            "loop wants the loss of this mini-batch.",
        )
    if results != [0.3, 7.0, 0.0, 0.0]:
        wrong(
            "shared",
            expected="Two steps with a list each: they return 0.3, 7.0, 0.0 "
            "and 0.0 when called in turn.",
            found=f"{code(str(results))}.",
            cause="The step is kept in one place for all, or its loss is. The "
            "arguments of the outer function are enough.",
        )
    _check_record(first, [9.0, 0.3, 0.0, 0.0], "an old entry and three calls")
    _check_record(second, [7.0], "one call of a second step")
    _check_asked(two.asked, *_batch(2))


def _check_on_top(with_record) -> None:
    """Train really, with a record of a record: one step a call."""
    model = nn.Linear(1, 1)
    loss_fn, x, y = nn.MSELoss(), *_batch(5)
    twin = copy.deepcopy(model)
    steps = [
        make_train_step_fn(m, loss_fn, optim.SGD(m.parameters(), lr=0.1))
        for m in (model, twin)
    ]
    inner, outer = [], []
    fn = call(with_record, call(with_record, steps[0], inner), outer)
    results = [fn(x, y) for _ in range(3)]
    expected = [steps[1](x, y) for _ in range(3)]
    if close(_numbers_of(model), _numbers_of(twin)) and (
        close(results, expected) and inner == outer == results
    ):
        return
    wrong(
        "not_on_top",
        expected="A recorded step can be recorded again, and trains as the "
        "step inside it.",
        found="The losses, the lists or the parameters differ.",
        cause="The new step takes or gives something else than a step does.",
    )
