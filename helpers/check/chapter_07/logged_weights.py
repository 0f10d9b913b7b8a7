"""Exercise 07.3: how the weights spread."""

import math
from pathlib import Path

import torch
from torch import nn

from helpers.check.chapter_07.common import (
    METHODS,
    check_one_file,
    check_unchanged,
    fill,
    state,
)
from helpers.practice.exercises import call, code, exercise
from helpers.practice.probes.logs import (
    Logged,
    read_logged,
    scratch,
)
from helpers.practice.verdict import wrong


@exercise(
    "07.3", "How the weights spread", minutes=8, level="medium", look=METHODS
)
def logged_weights(log_weights):
    """Check ``log_weights(writer, model, epoch)``."""
    with scratch() as here:
        model = nn.Sequential(
            nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)
        )
        _check_weights(log_weights, here, "run_a", model.train(), (2, 3))
        model = nn.ModuleDict(
            {"body": nn.Sequential(nn.Linear(1, 5)), "head": nn.Linear(5, 2)}
        )
        for parameter in model["body"].parameters():
            parameter.requires_grad_(False)  # frozen
        _check_weights(
            log_weights, here, "run_b", model.eval(), (0, 7), again=True
        )
        return (
            "A histogram of each parameter, under its own name, in each epoch."
        )


def _check_weights(
    log_weights, here, run, model: nn.Module, epochs, again=False
) -> None:
    from torch.utils.tensorboard import SummaryWriter

    fill(model)
    with torch.no_grad():  # two equal values, and both of them count
        for parameter in model.parameters():
            parameter.view(-1)[-1] = parameter.view(-1)[0]
    for number, parameter in enumerate(model.parameters(), start=1):
        if parameter.requires_grad:
            parameter.grad = torch.full_like(parameter, 10.0 * number)
    wanted = {name: [] for name, _ in model.named_parameters()}
    writer = SummaryWriter(f"ours/{run}")
    for epoch in epochs:
        before, mode = state(model), model.training
        shown = "log_weights(writer, model, epoch)"
        call(log_weights, writer, model, epoch, shown=shown)
        check_unchanged(model, before, mode)
        for name, parameter in model.named_parameters():
            wanted[name].append((epoch, *_summary(parameter)))
        with torch.no_grad():  # what a training would do until the next
            for parameter in model.parameters():
                parameter.mul_(-2).add_(1)
    here.write_all()
    logged = read_logged(Path("ours", run))
    check_one_file(logged, again)
    _check_weight_tags(logged, wanted, model)
    for name, parameter in model.named_parameters():
        _compare_histograms(
            logged.histograms[name], wanted[name], name, parameter
        )


def _summary(values: torch.Tensor) -> tuple:
    """Return minimum, maximum, count and sum, as a histogram keeps them."""
    values = values.detach().double()
    return (
        values.min().item(),
        values.max().item(),
        values.numel(),
        values.sum().item(),
    )


def _check_weight_tags(logged: Logged, wanted: dict, model) -> None:
    found, names = set(logged.histograms), set(wanted)
    if found == names and not logged.scalars and not logged.other:
        return
    expected = f"A histogram for each of {code(str(sorted(names)))}."
    if not found:
        wrong(
            "no_histogram",
            expected=expected,
            found="No histogram, and something else under "
            f"{code(str(sorted([*logged.scalars, *logged.other])))}.",
            cause="A scalar is one number, an image a picture. `add_histogram` "
            "takes a whole tensor, and keeps how its values are spread.",
        )
    buffers = {name for name, _ in model.named_buffers()}
    if found - names and found - names <= buffers:
        wrong(
            "buffers",
            expected=expected,
            found=f"Also {code(str(sorted(found - names)))}.",
            cause="`state_dict` holds buffers too: numbers that a layer keeps "
            "and no optimizer moves. `named_parameters` gives parameters.",
        )
    if len(found) == 1 and len(logged.histograms[min(found)]) > 2:
        wrong(
            "one_tag",
            expected=expected,
            found=f"All of them under {code(min(found))}.",
            cause="The tag does not depend on the parameter. Each needs a tag "
            "of its own: its name.",
        )
    if found < names:
        wrong(
            "some_missing",
            expected=expected,
            found=f"Nothing for {code(str(sorted(names - found)))}.",
            cause="The loop ends too early or leaves some out: biases, or "
            "parameters without a gradient. A frozen one is a parameter too.",
        )
    wrong(
        "other_tags",
        expected=expected,
        found=code(str(sorted([*found, *logged.scalars, *logged.other]))) + ".",
        cause="The tag is the name that `named_parameters` gives, as it is, "
        "and nothing more is logged.",
    )


def _compare_histograms(found, wanted, name: str, parameter) -> None:
    steps, epochs = [row[0] for row in found], [row[0] for row in wanted]
    expected = f"Histograms of `{name}` at the steps {epochs}."
    if steps != epochs:
        missing = not any(steps) and len(steps) == len(epochs)
        wrong(
            "no_step" if missing else "other_steps",
            expected=expected,
            found=f"At {steps}.",
            cause="The third argument of `add_histogram`, the step, is "
            "missing, or is not `epoch`."
            if missing
            else "The step is the number of the epoch, as given, once each.",
        )
    for (epoch, *seen), (_, *right) in zip(found, wanted, strict=True):
        if all(map(_near, seen, right)):
            continue
        _explain_histogram(epoch, seen, right, name, parameter)


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-5)


def _explain_histogram(epoch, seen, right, name, parameter) -> None:
    """Raise Wrong: a histogram is not that of its parameter."""
    low, high, number, _ = right
    expected = (
        f"For `{name}` in epoch {epoch}, {number} values from {low:.3f} to "
        f"{high:.3f}."
    )
    noun = "value" if seen[2] == 1 else "values"
    found = f"{seen[2]} {noun} from {seen[0]:.3f} to {seen[1]:.3f}."
    gradient = parameter.grad
    if gradient is not None and all(map(_near, seen, _summary(gradient))):
        wrong(
            "gradients",
            expected=expected,
            found=f"{found} These are the gradients.",
            cause="`.grad` holds what the last `backward` left. The values are "
            "the parameter itself.",
        )
    if seen[2] != number:
        wrong(
            "not_all_values",
            expected=expected,
            found=found,
            cause="A mean, a norm, one row or each value only once was logged. "
            "Pass the whole tensor; its shape does not matter.",
        )
    wrong(
        "other_values",
        expected=expected,
        found=found,
        cause="The values were changed on their way, belong to another "
        "parameter, or are those of an earlier call.",
    )
