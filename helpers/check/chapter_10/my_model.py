"""Exercise 10.1: a box of your own."""

import copy
import itertools
import math

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from helpers.check.chapter_10.common import numbers_of
from helpers.errors import CourseError
from helpers.practice.exercises import call, code, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong
from helpers.step_functions import make_train_step_fn, make_val_step_fn

BOX = "chapter 10, the section *The same skeleton for any model*"


HOLDS = "chapter 01, the section *What the step holds*"


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
    same = close(numbers_of(one), numbers_of(two))
    if not same:
        wrong(
            "not_seeded",
            expected="Two calls start from the same weights.",
            found="They start from different ones.",
            cause="`torch.manual_seed(...)` is missing in the function, comes "
            "after the model, or depends on `lr`. In the page it counts only "
            "once.",
        )


def _points(device, n: int = 16, seed: int = 3) -> tuple:
    numbers = torch.Generator().manual_seed(seed)
    x = 4 * torch.rand(n, 1, generator=numbers) - 2
    return x.to(device), torch.sin(3 * x).to(device)


def _check_model(box) -> None:
    """Compare with the formula of 8 tanh units, however it is written."""
    numbers = numbers_of(box.model)
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
    before = numbers_of(box.model)
    with torch.no_grad():  # as in the loop
        expected = ours.val_step_fn(x, y)
        try:
            loss = call(box.val_step_fn, x, y, shown="val_step_fn(x, y)")
        except RuntimeError as error:
            if "does not require grad" not in str(error):
                raise
            _val_step_trains("It runs `backward`, and there is no graph.")
    _check_step_loss("val_step_fn", loss, expected)
    if not close(numbers_of(box.model), before):
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
    found = numbers_of(box.model)
    if close(found, numbers_of(ours.model)):
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
