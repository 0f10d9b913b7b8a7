"""Which versions fit together, said in a sentence before anything is trained.

Here belongs what `trains_with` puts around every ``train``: it compares what a
version needs with what it got. What is done while a run is going belongs in
`helpers.pipeline.first_batches` and `helpers.pipeline.put_back`.
"""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.utils.data import DataLoader

from helpers.errors import DataError, PairingError
from helpers.pipeline.configuration import Configuration, lacks
from helpers.pipeline.first_batches import Watch, watching
from helpers.pipeline.input_checks import (
    check_loader,
    check_settings,
    n_batches,
    rows_of_last_batch,
)
from helpers.pipeline.put_back import put_back_if_wrong
from helpers.pipeline.versions import first_version_returning, names_in

# What every version has, and what the looking around a run is about.
ALWAYS = ("device", "model", "loss_fn", "optimizer")


def trains_with(
    *,
    needs: str | Iterable[str],
    takes: str | Iterable[str],
    tensor_losses: bool = False,
    puts_back: bool = True,
) -> Callable:
    """Say what a ``train`` needs and takes, and check that it gets that.

    The decorated function refuses what does not fit in one sentence before it
    trains, and has a look at the first batches
    (`helpers.pipeline.first_batches`). When they show a fault, or when the
    loss diverges, it puts model and optimizer back to where they were before
    the call. The first argument of ``train`` is the configuration, and the
    caller's own; what else it has arguments for is left to it.

    Args:
        needs: the parts of the configuration that ``train`` uses, as a string
            with spaces or a list of names.
        takes: the arguments that hold the data, in this order. One whose name
            ends in ``_loader`` has to be a loader, ``_tensor`` a tensor; any
            other only has to be there.
        tensor_losses: whether steps return ``loss.detach()``, so that no step
            waits for the device. Such losses are looked at once an epoch.
        puts_back: whether a copy of the state is kept while it trains.
            ``configuration.put_back = False`` does without it for one run.

    Raises (when the decorated function is called):
        PairingError: versions that do not fit.
        DataError: an empty loader, a setting that makes no sense.
        FirstBatchError: a fault that the first batches show.
        DivergenceError: a loss that is nan or inf.
    """
    needed = names_in(needs)
    taken = names_in(takes)

    def decorate(train: Callable) -> Callable:
        signature = inspect.signature(train)
        first = next(iter(signature.parameters))

        @functools.wraps(train)
        def checked_train(*args, **kwargs):
            try:
                given = signature.bind_partial(*args, **kwargs)
            except TypeError as error:  # too many values, or one twice
                raise PairingError(
                    "train() got too many arguments, or one that it does not "
                    f"know ({error}). {_expected(train, taken)}"
                ) from error
            given.apply_defaults()
            values = given.arguments
            configuration = _checked(values.get(first), needed)
            _check_data(train, values, taken, configuration.device)
            _check_no_data_as_setting(train, signature, values, taken)
            check_settings(values)
            _check_resumes(values, configuration)
            watch = _watch(configuration, values, taken, tensor_losses)
            with contextlib.ExitStack() as around:
                # Ctrl-C at the end of a no_grad block may leave recording off
                is_recording = torch.is_grad_enabled()
                around.callback(torch.set_grad_enabled, is_recording)
                if puts_back and configuration.put_back:
                    around.enter_context(put_back_if_wrong(configuration))
                around.enter_context(watching(watch, needed))
                result = train(*args, **kwargs)
                watch.check_result(result)
            return result

        return checked_train

    return decorate


def _checked(configuration: Any, needs: tuple[str, ...]) -> Configuration:
    """Return a configuration that has all the parts that are needed."""
    if not isinstance(configuration, Configuration):
        raise PairingError(
            "The first argument of train should be what configure_model() "
            f"returned, but is a {type(configuration).__name__}."
        )
    sentence = lacks(configuration, dict.fromkeys([*ALWAYS, *needs]))
    if sentence is not None:
        raise PairingError(sentence)
    return configuration


def _expected(train: Callable, takes: tuple[str, ...]) -> str:
    """Say what a training version takes, and which version makes that."""
    package, _, version = train.__module__.rpartition(".")
    is_version = package == "helpers.model_training"
    name = f"model_training {version}" if is_version else "This train()"
    source = first_version_returning("data_preparation", takes)
    made = f", which data_preparation {source} makes" if source else ""
    return (
        f"{name} takes {' and '.join(takes)}{made}: "
        f"train(configuration, {', '.join(takes)})"
    )


def _check_data(
    train: Callable,
    values: dict[str, Any],
    takes: tuple[str, ...],
    device: torch.device,
) -> None:
    lengths = {}
    for name in takes:
        value = values.get(name)
        kind = type(value).__name__
        if value is None:
            raise PairingError(f"There is no {name}. {_expected(train, takes)}")
        is_tensor = isinstance(value, torch.Tensor)
        if name.endswith("_tensor"):
            if not is_tensor:
                raise PairingError(
                    f"{name} is a {kind}. {_expected(train, takes)}"
                )
            lengths[name] = len(value) if value.ndim else 0
        elif name.endswith("_loader"):
            if is_tensor:
                raise PairingError(
                    f"{name} is a {kind}. {_expected(train, takes)}"
                )
            if isinstance(value, (tuple, list)):
                raise PairingError(
                    f"{name} is a {kind}: pass its parts one by one. "
                    f"{_expected(train, takes)}"
                )
            check_loader(value, device)
    if len(set(lengths.values())) > 1:
        said = [f"{name} has {n} rows" for name, n in lengths.items()]
        raise DataError(
            f"{' and '.join(said)}, but each point needs a row in both."
        )


def _check_no_data_as_setting(
    train: Callable,
    signature: inspect.Signature,
    values: dict[str, Any],
    takes: tuple[str, ...],
) -> None:
    """Refuse a loader or a tensor in a place whose default is a number."""
    for name, parameter in signature.parameters.items():
        is_data = isinstance(values.get(name), (torch.Tensor, DataLoader))
        if is_data and isinstance(parameter.default, (int, float, str)):
            kind = type(values[name]).__name__
            raise PairingError(
                f"One argument too many: {name} is a {kind}. "
                f"{_expected(train, takes)}"
            )


def _check_resumes(
    values: dict[str, Any], configuration: Configuration
) -> None:
    """Let what a run goes on from say whether it fits (see checkpoints)."""
    for value in values.values():
        # of the class: a configuration that is asked for what it does not
        # have looks through all versions
        if inspect.isfunction(getattr(type(value), "check_resumes", None)):
            value.check_resumes(configuration)


def _watch(
    configuration: Configuration,
    values: dict[str, Any],
    takes: tuple[str, ...],
    tensor_losses: bool,
) -> Watch:
    """Return a watch that knows how many batches come, and from where on."""
    # the first of the data is what is trained on
    train_loader = values[takes[0]] if takes else None
    has_batches = not isinstance(train_loader, torch.Tensor)
    return Watch(
        configuration,
        n_batches(train_loader) if has_batches else None,
        getattr(values.get("resume_from"), "epoch", 0),
        tensors_wanted=tensor_losses,
        rows_of_last_batch=rows_of_last_batch(train_loader),
        loaders=[(name, values[name]) for name in takes],
    )
