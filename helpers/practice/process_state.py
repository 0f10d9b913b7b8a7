"""What belongs to the whole process, put back after an answer ran.

Random states, the defaults of torch and NumPy, the environment, the folder.
"""

import contextlib
import logging
import os
import random
import warnings
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import _tensor_str

SEED = 0  # of what a checker draws, so that its words are the same every time


@contextlib.contextmanager
def same_random():
    """Seed all that is random, and put its state back."""
    python, numpy = random.getstate(), np.random.get_state()
    with _same_torch_random():
        random.seed(SEED)
        np.random.seed(SEED)
        torch.manual_seed(SEED)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


@contextlib.contextmanager
def same_settings():
    """Put back what is set for a whole process, and close new figures."""
    figures = plt.get_fignums()
    before = {name: read() for name, (read, _) in SETTINGS.items()}
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        for name, (read, write) in SETTINGS.items():
            if read() != before[name]:
                write(before[name])
        for number in set(plt.get_fignums()) - set(figures):
            plt.close(number)


def _set_environment(variables: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)


def _set_figure_style(style: dict) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that matplotlib gives up
        plt.rcParams.update(style)


# How each setting of the process is read, and how it is put back.
SETTINGS: dict[str, tuple[Callable, Callable]] = {
    "default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "threads": (torch.get_num_threads, torch.set_num_threads),
    "deterministic": (
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    "anomaly mode": (
        torch.is_anomaly_enabled,
        lambda is_on: torch.autograd.set_detect_anomaly(is_on),
    ),
    "print options": (
        lambda: dict(vars(_tensor_str.PRINT_OPTS)),
        lambda options: torch.set_printoptions(**options),
    ),
    "NumPy's print options": (
        np.get_printoptions,
        lambda options: np.set_printoptions(**options),
    ),
    "NumPy's errors": (np.geterr, lambda kinds: np.seterr(**kinds)),
    "figure style": (plt.rcParams.copy, _set_figure_style),
    "logging": (logging.root.getEffectiveLevel, logging.root.setLevel),
    "environment": (lambda: dict(os.environ), _set_environment),
    "folder": (os.getcwd, os.chdir),
}


def _same_torch_random():
    here = torch.accelerator.current_accelerator(check_available=True)
    if here is None:
        return torch.random.fork_rng(devices=[])
    return torch.random.fork_rng(device_type=here.type)
