"""What fits: a saved state against the model and optimizer it would go into.

Everything is compared before anything is loaded, so that a refused file leaves
model and optimizer as they were.
"""

from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checkpoints.comparing import describe, is_alike, is_equal
from helpers.checkpoints.finite import check_all_finite, check_model_finite
from helpers.checkpoints.kept_by_optimizers import state_after_a_step
from helpers.checkpoints.plain_values import plain
from helpers.checkpoints.schedules import changed_settings, differing_parts
from helpers.errors import CheckpointError, one_line
from helpers.paths import display_path


class Trained(Protocol):
    """What a checkpoint needs of a configuration."""

    model: Any
    optimizer: Any
    scheduler: Any


# ------------------------------------------------------------------- model


def compare_model(saved: dict[str, Any], model: nn.Module, path: Path) -> None:
    """Compare names, shapes and kinds of numbers, and look for nan and inf.

    Raises:
        CheckpointError: the file belongs to another model.
    """
    own = model.state_dict()
    missing = [name for name in own if name not in saved]
    foreign = [name for name in saved if name not in own]
    if missing or foreign:
        raise CheckpointError(
            f"{display_path(path)} belongs to another model. This model also "
            f"needs {one_line(missing) if missing else 'nothing'}, and the "
            f"file also holds {one_line(foreign) if foreign else 'nothing'}. "
            "Configure the model as it was saved."
        )
    for name, tensor in own.items():
        here, there = _describe_entry(tensor, saved[name])
        if here != there:
            raise CheckpointError(
                f"{display_path(path)} belongs to another model: {name!r} is "
                f"{there} in the file and {here} in this model. Configure the "
                "model as it was saved."
            )
    check_model_finite(saved, model, path, "nothing was loaded")


def _describe_entry(own: Any, saved: Any) -> tuple[str, str]:
    """Describe an entry of the model and of the file, to be compared."""
    if is_lazy(own) and isinstance(saved, torch.Tensor):
        # a layer such as LazyLinear takes its shape from the file
        return f"{own.dtype}", f"{saved.dtype}"
    return describe(own), describe(saved)


# --------------------------------------------------------------- optimizer


def compare_optimizer(
    state: dict[str, Any], configuration: Trained, path: Path
) -> None:
    """Compare the optimizer's class, its settings and what it remembers.

    Raises:
        CheckpointError: the file belongs to another optimizer.
    """
    optimizer = configuration.optimizer
    if state["optimizer"] != type(optimizer).__name__:
        raise CheckpointError(
            f"{display_path(path)} was saved with the optimizer "
            f"{one_line(state['optimizer'])}, and this one is "
            f"{type(optimizer).__name__}. Take the same."
        )
    _compare_whether_scheduled(state, configuration, path)
    saved = state["optimizer_state_dict"]
    difference = _first_difference(
        optimizer.state_dict(),
        saved,
        changed_settings(configuration.scheduler),
    ) or wrong_state(state, configuration)
    if difference:
        raise CheckpointError(
            f"{display_path(path)} does not fit this optimizer: {difference}. "
            "Configure it as it was saved; to start anew from these weights "
            "with other settings, use load_model."
        )
    check_all_finite(saved["state"], path, "nothing was loaded")


def _compare_whether_scheduled(
    state: dict[str, Any], configuration: Trained, path: Path
) -> None:
    scheduler = configuration.scheduler
    if (scheduler is None) == ("scheduler_state_dict" not in state):
        return
    has, lacks = "this configuration", "the file"
    if scheduler is None:
        has, lacks = lacks, has
    raise CheckpointError(
        f"{has.capitalize()} has a learning-rate scheduler and {lacks} has "
        f"none ({display_path(path)}). Set configuration.scheduler as it was."
    )


def _first_difference(
    own: dict[str, Any], saved: dict[str, Any], changed: set[str]
) -> str | None:
    """Name the first setting in which two optimizers differ.

    Args:
        own: the state of the optimizer here.
        saved: that of the file.
        changed: settings that a schedule changes while it runs.
    """
    own_groups, groups = own["param_groups"], saved["param_groups"]
    if len(own_groups) != len(groups):
        return f"{len(groups)} parameter groups instead of {len(own_groups)}"
    for own_group, group in zip(own_groups, groups, strict=True):
        for key in own_group.keys() | group.keys():
            if key not in group or key not in own_group:
                return f"the setting {key!r} is only in one of the two"
            here, there = own_group[key], group[key]
            if key == "params" and len(there) != len(here):
                return f"{len(there)} parameters in a group, not {len(here)}"
            if not (is_alike if key in changed else is_equal)(here, there):
                return (
                    f"{key} is {one_line(there)} in the file and "
                    f"{one_line(here)} here"
                )
    return None


def wrong_state(state: dict[str, Any], configuration: Trained) -> str | None:
    """Name the first part of an optimizer's state that fits no parameter.

    Args:
        state: a whole checkpoint.
        configuration: the optimizer, and the model of its parameters.

    Returns:
        a clause that says what is wrong, or None.
    """
    saved = state["optimizer_state_dict"]["state"]
    expected = state_after_a_step(
        configuration.optimizer, configuration.model, state["model_state_dict"]
    )
    if state["epoch"] > 0 and any(expected.values()) and not saved:
        return "it has no state for any parameter"
    for index, entries in saved.items():
        if type(index) is not int or index not in expected:
            return f"it has a state for parameter {one_line(index)}, not here"
        here = expected[index]
        if here is None:  # nobody can say what this optimizer keeps
            continue
        there = {
            name: describe(value)
            for name, value in entries.items()
            if value is not None
        }
        for name in here.keys() | there.keys():
            if here.get(name) != there.get(name):
                return (
                    f"{one_line(name)} of parameter {index} is "
                    f"{there.get(name, 'missing')} in the file and should be "
                    f"{here.get(name, 'missing')}"
                )
    return None


# --------------------------------------------------------------- scheduler


def compare_scheduler(
    state: dict[str, Any], scheduler: Any, path: Path
) -> None:
    """Compare the schedule's class and settings.

    Raises:
        CheckpointError: the file belongs to another schedule.
    """
    if scheduler is None:
        return
    name = type(scheduler).__name__
    if state.get("scheduler", name) != name:
        raise CheckpointError(
            f"{display_path(path)} was saved with the learning-rate schedule "
            f"{one_line(state['scheduler'])}, and this one is {name}. Set "
            "configuration.scheduler as it was."
        )
    own = plain(scheduler.state_dict())
    differing = differing_parts(scheduler, own, state["scheduler_state_dict"])
    if differing:
        raise CheckpointError(
            f"{display_path(path)} was saved with another learning-rate "
            f"schedule: {one_line(differing)} differ. Set "
            "configuration.scheduler as it was."
        )
