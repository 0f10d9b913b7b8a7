"""What the three stages hand to each other, and which versions fit together."""

import copy
import functools
import inspect
import math
from collections.abc import Callable

import torch
from torch.utils.data import DataLoader

from helpers.errors import (
    DataError,
    DeviceError,
    DivergenceError,
    FirstBatchError,
    PairingError,
)
from helpers.pipeline.first_batches import Watch, check_last_batch
from helpers.pipeline.input_checks import (
    NO_BATCH,
    check_finite,
    check_loader,
    n_batches,
)

# The part that each version of the model configuration adds.
NEW_PART = {
    "v0": "optimizer",
    "v1": "train_step_fn",
    "v2": "val_step_fn",
    "v3": "writer",
}
# What each version of the data preparation returns, in this order.
RETURNS = {
    "v0": ("x_train_tensor", "y_train_tensor"),
    "v1": ("train_loader",),
    "v2": ("train_loader", "val_loader"),
}


class Configuration:
    """What a model configuration returns: the parts that a training uses.

    Every version has ``device``, ``model``, ``loss_fn`` and ``optimizer``.
    v1 adds ``train_step_fn``, v2 ``val_step_fn``, v3 ``writer`` (None when
    nothing is to be logged). Whoever trains with a learning-rate schedule sets
    ``scheduler``; its state is then saved in checkpoints too.

    Raises:
        PairingError: a part is asked for that this version does not have.
    """

    scheduler = None

    def __init__(self, **parts):
        self.__dict__.update(parts)

    def __getattr__(self, name: str):
        # Python comes here only when the part is missing.
        for version, part in NEW_PART.items():
            if part == name:
                raise PairingError(_lacks(self, version))
        raise AttributeError(f"A configuration has no {name!r}.")

    def __repr__(self) -> str:
        return f"Configuration({', '.join(self.__dict__)})"

    @property
    def version(self) -> str:
        """The version that made this configuration, told by its parts."""
        return [v for v, part in NEW_PART.items() if part in self.__dict__][-1]


def _lacks(configuration: Configuration, version: str) -> str:
    return (
        f"This training needs a {NEW_PART[version]}, and the configuration "
        f"has none: it comes from model_configuration "
        f"{configuration.version}. The first version with it is {version}: "
        f"from helpers.model_configuration import {version} "
        "as model_configuration"
    )


def trains_with(*, data_preparation: str, model_configuration: str) -> Callable:
    """Say which versions a ``train`` goes with, and check that it gets them.

    The decorated function refuses wrong pairs in one sentence before it
    trains, and has a look at the first batches (`helpers.pipeline.first_batches`). When
    they show a fault, or when the loss diverges, it puts model and optimizer
    back to where they were before the call.

    Args:
        data_preparation: the version whose results ``train`` takes.
        model_configuration: the first version with all the parts it uses.

    Raises (when the decorated function is called):
        PairingError: versions that do not fit.
        DataError: an empty loader, or labels of shape [N].
        FirstBatchError: a fault that the first batches show.
        DivergenceError: a loss that is nan or inf.
    """

    def decorate(train: Callable) -> Callable:
        signature = inspect.signature(train)

        @functools.wraps(train)
        def checked_train(*args, **kwargs):
            try:
                given = signature.bind_partial(*args, **kwargs)
            except TypeError as error:  # too many values, or one twice
                expected = _expected(train.__module__, data_preparation)
                raise PairingError(
                    f"These values are too many, or one has a name that is "
                    f"not known ({error}). {expected}"
                ) from error
            given.apply_defaults()
            values = given.arguments
            configuration = values.get("configuration")
            _check_configuration(configuration, model_configuration)
            _check_data(values, data_preparation, train.__module__)
            _check_n_epochs(values["n_epochs"])
            _check_settings(values)
            with _put_back_if_wrong(configuration):
                given.arguments["configuration"] = _watched(values)
                result = train(*given.args, **given.kwargs)
                _check_losses(result, configuration)
            return result

        return checked_train

    return decorate


def _check_configuration(configuration, version: str) -> None:
    if not isinstance(configuration, Configuration):
        raise PairingError(
            "The first argument of train should be what configure_model() "
            f"returned, and is a {type(configuration).__name__}."
        )
    if NEW_PART[version] not in configuration.__dict__:
        raise PairingError(_lacks(configuration, version))


def _expected(module: str, version: str) -> str:
    training = "model_training " + module.rpartition(".")[2]
    wanted = RETURNS[version]
    return (
        f"{training} takes {' and '.join(wanted)}, which data_preparation "
        f"{version} makes: train(configuration, {', '.join(wanted)})"
    )


def _check_data(values: dict, version: str, module: str) -> None:
    wanted = RETURNS[version]
    expected = _expected(module, version)
    for name in wanted:
        value = values.get(name)
        if value is None:
            raise PairingError(f"There is no {name}. {expected}")
        if name.endswith("_tensor") != isinstance(value, torch.Tensor):
            kind = type(value).__name__
            raise PairingError(f"{name} is a {kind}. {expected}")
        if name.endswith("_loader"):
            if isinstance(value, (tuple, list)):
                raise PairingError(
                    f"{name} is a {type(value).__name__}: give its parts one "
                    f"by one. {expected}"
                )
            check_loader(value)
    if isinstance(values["n_epochs"], (torch.Tensor, DataLoader)):
        raise PairingError(f"That is one too many. {expected}")
    if version == "v0":
        x, y = (values[name] for name in wanted)
        if x.ndim < 2 or y.ndim != 2 or len(x) != len(y):
            raise DataError(
                f"x_train_tensor has shape {list(x.shape)} and y_train_tensor "
                f"{list(y.shape)}; they should be [N, 1] both, with one N."
            )


def _check_n_epochs(n_epochs) -> None:
    whole = isinstance(n_epochs, int) and not isinstance(n_epochs, bool)
    if not whole or n_epochs < 1:
        raise DataError(
            "n_epochs should be a whole number of at least 1, and is "
            f"{n_epochs!r}."
        )


def _check_settings(values: dict) -> None:
    """Check what only version 6 and later take: how to save and resume."""
    resume_from = values.get("resume_from")
    if resume_from is not None and not hasattr(resume_from, "val_losses"):
        raise DataError(
            "resume_from should be what load_checkpoint returned, and is a "
            f"{type(resume_from).__name__}: "
            "resume_from=load_checkpoint(path, configuration)."
        )
    for name, least in (("checkpoint_every", 1), ("seed", 0)):
        value = values.get(name, least)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or value < least:
            raise DataError(
                f"{name} should be a whole number of at least {least}, and is "
                f"{value!r}."
            )


def _watched(values: dict) -> Configuration:
    """Return the configuration with its step functions watched."""
    configuration = values["configuration"]
    if configuration.version == "v0":
        return configuration
    train_loader = values.get("train_loader")
    if train_loader is not None:
        check_last_batch(configuration.model, train_loader)
    done = getattr(values.get("resume_from"), "epoch", 0)
    watch = Watch(configuration, n_batches(train_loader), done)
    watched = copy.copy(configuration)
    watched.train_step_fn = watch.train_step(configuration.train_step_fn)
    if "val_step_fn" in configuration.__dict__:
        watched.val_step_fn = watch.val_step(configuration.val_step_fn)
    return watched


class _put_back_if_wrong:
    """Put model and optimizer back when training went wrong in a known way."""

    def __init__(self, configuration: Configuration):
        parts = (
            configuration.model,
            configuration.optimizer,
            configuration.scheduler,
        )
        self.before = [
            (part, copy.deepcopy(part.state_dict()))
            for part in parts
            if part is not None
        ]

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        # not when saving failed: what was trained is then still good
        wrong = (DataError, DeviceError, DivergenceError, FirstBatchError)
        if isinstance(error, wrong):
            for part, state in self.before:
                part.load_state_dict(state)
        return False


def _check_losses(result, configuration: Configuration) -> None:
    """Check every loss that a ``train`` returned: a number, or lists."""
    series = result if isinstance(result, tuple) else (result,)
    lr = configuration.optimizer.param_groups[0]["lr"]
    for losses in series:
        numbers = losses if isinstance(losses, list) else [losses]
        for epoch, loss in enumerate(numbers):
            # every step is watched, so that here it is a mean of nothing
            if isinstance(result, list) and math.isnan(loss):
                raise DataError(NO_BATCH)
            check_finite(loss, epoch, lr)
    # a loss is computed before its update: the last one is not in any loss
    for name, parameter in configuration.model.named_parameters():
        if not torch.isfinite(parameter).all():
            raise DivergenceError(
                f"The last step made {name!r} nan or inf. Most likely the "
                f"learning rate {lr:g} is too large: try {lr / 10:g}. Model "
                "and optimizer are as before the training."
            )
