"""What several test modules use."""

import copy
import importlib

import torch

from helpers.errors import CourseError


def version(stage, number):
    """Import one version of a stage."""
    return importlib.import_module(f"helpers.{stage}.v{number}")


def configure(number, **options):
    """Configure the model of a version, without a log."""
    if number >= 3:
        options = {"run_name": None, **options}
    return version("model_configuration", number).configure_model(**options)


def identical(a, b) -> bool:
    """Compare nested states bit for bit, types and NaN included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return (
            a.dtype == b.dtype
            and a.shape == b.shape
            and a.detach().numpy().tobytes() == b.detach().numpy().tobytes()
        )
    if isinstance(a, dict):
        # order counts: it is the order of the parameters
        return list(a) == list(b) and all(identical(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(identical, a, b))
    return repr(a) == repr(b)


def state_of(configuration) -> list:
    """Copy all that a training changes in a configuration."""
    parts = [configuration.model, configuration.optimizer]
    if configuration.scheduler is not None:
        parts.append(configuration.scheduler)
    state = [copy.deepcopy(part.state_dict()) for part in parts]
    modes = [module.training for module in configuration.model.modules()]
    return [*state, modes]


def assert_one_sentence(error: BaseException) -> str:
    """Check that an error speaks to the reader, and return what it says."""
    said = str(error)
    assert isinstance(error, CourseError), repr(error)
    assert "\n" not in said, said
    assert 20 < len(said) < 700, said
    assert said[0].strip() and said[-1] != ",", said
    return said
