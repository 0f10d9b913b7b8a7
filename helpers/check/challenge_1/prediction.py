"""Challenge 1: fit a model, and predict the charge of rides never seen."""

import copy
import csv
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from helpers.datasets.rides import HELD_OUT, RIDES, write_rides
from helpers.practice import Seen, agree, call, exercise, judge
from helpers.practice.probes.states import same_state

LIMIT = 1.3  # percentage points of charge, root mean squared error
# Made-up rides of another bicycle have another rule and less noise. A model
# that never saw them is wrong by about 20 points.
OTHER_LIMIT = 3.0
SWAPPED = torch.tensor([300 / 20, 20 / 300])  # mends distance / 300, climb / 20

FITTED = {
    "grad_left_off.fit": lambda s: not torch.is_grad_enabled(),
    "no_model": lambda s: not isinstance(s.model, nn.Module),
}
PREDICTED = {
    "changes_input": lambda s: not agree(s.given, s.before),
    "grad_left_off": lambda s: not torch.is_grad_enabled(),
    "no_tensor": lambda s: not isinstance(s.yhat, torch.Tensor),
    "rounded": lambda s: (
        not s.yhat.is_floating_point() or torch.equal(s.yhat, s.yhat.round())
    ),
    "recorded": lambda s: s.yhat.requires_grad,
    "one_ride": lambda s: s.n == 1 and s.yhat.shape != (1, 1),
    "shape": lambda s: s.yhat.shape != (s.n, 1),
    "not_on_cpu": lambda s: s.yhat.device.type != "cpu",
    "train_mode": lambda s: any(s.modes),
}
# Of a model that predicts badly: what would have made its predictions good?
FAR = {
    "diverged": lambda s: s.error != s.error,
    "fraction": lambda s: s.error_of(s.rides, 100) < LIMIT,
    "not_scaled": lambda s: s.error_of(s.scaled, 1) < LIMIT,
    "scales_swapped": lambda s: s.error_of(s.rides * SWAPPED, 1) < LIMIT,
    "neither": lambda s: s.error_of(s.scaled, 100) < LIMIT,
    "fraction.other": lambda s: (
        min(s.error_of(s.rides, 1e4), s.error_of(s.rides, 0.01)) < LIMIT
    ),
    "columns_swapped": lambda s: s.error_of(s.rides.flip(1), 1) < LIMIT,
    "not_good_enough": lambda s: not s.error < LIMIT,
}
MANNERS = {
    "other_input.array": lambda s: not agree(s.of_array, s.yhat, 1e-4),
    "other_input.tensor": lambda s: not agree(s.of_tensor, s.yhat, 1e-4),
    "not_seeded": lambda s: not agree([*s.state.values()], [*s.again.values()]),
    "model_ignored": lambda s: not s.is_same and agree(s.of_other, s.of_first),
    "path_ignored": lambda s: s.is_same,
    "fits_one_file": lambda s: not s.other_error < OTHER_LIMIT,
}


@exercise
def prediction(fit, predict):
    """Check ``fit(path)`` and ``predict(model, rides)`` on held-out rides."""
    rides, charge = held_out_rides()
    x = torch.tensor(rides)
    model = _fit(fit, RIDES)
    yhat = _predict(predict, model, rides)
    error = _rmse(yhat, charge)
    if not error < LIMIT:
        _explain(predict, model, x, charge, error)
    seen = Seen(yhat=yhat, state=copy.deepcopy(model.state_dict()))
    seen.of_array = _predict(predict, model, x.double().numpy())
    seen.of_tensor = _predict(predict, model, x)
    _predict(predict, model, rides[:1])
    seen.again = _fit(fit, RIDES).state_dict()
    other_model, seen.other_error = _fit_other_rides(fit, predict)
    seen.is_same = same_state(seen.state, other_model.state_dict())
    seen.of_other = _predict(predict, other_model, rides)
    seen.of_first = _predict(predict, model, rides)
    judge(MANNERS, seen)
    return {"error": error}


def held_out_rides() -> tuple[list[list[float]], torch.Tensor]:
    """Return the held-out rides, 40 of [km, m], and their charge [40, 1]."""
    with open(HELD_OUT, newline="", encoding="ascii") as file:
        rows = [[float(n) for n in row] for row in list(csv.reader(file))[1:]]
    return [row[:2] for row in rows], torch.tensor([row[2:] for row in rows])


def _fit(fit, path) -> nn.Module:
    model = call(fit, path, shown="fit(path)")
    judge(FITTED, Seen(model=model))
    return model


def _rmse(yhat, charge) -> float:
    return float(((yhat - charge) ** 2).mean().sqrt())


def _predict(predict, model, rides) -> torch.Tensor:
    """Predict with a model that was left in train mode, and look at it all."""
    seen = Seen(
        given=copy.deepcopy(rides), before=rides, n=len(rides), modes=[]
    )

    def note_mode(module, _arguments) -> None:
        seen.modes.append(any(part.training for part in module.modules()))

    handle = model.train().register_forward_pre_hook(note_mode)
    try:
        seen.yhat = call(
            predict, model, seen.given, shown="predict(model, rides)"
        )
    finally:
        handle.remove()
    judge(PREDICTED, seen)
    return seen.yhat


def _explain(predict, model, rides, charge, error: float) -> None:
    """Say why the predictions are bad: by what would have made them good."""

    def error_of(rides, factor) -> float:
        return _rmse(factor * predict(model, rides.tolist()), charge)

    scaled = rides / torch.tensor([20.0, 300.0])
    judge(FAR, Seen(rides=rides, scaled=scaled, error=error, error_of=error_of))


def _fit_other_rides(fit, predict) -> tuple[nn.Module, float]:
    """Fit another file: what was learned has to come from there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "other_rides.csv"
        write_rides(_other_rides(150, seed=5), path)
        model = _fit(fit, path)
    rides = _other_rides(40, seed=6)
    charge = torch.tensor(rides[:, 2:], dtype=torch.float32)
    yhat = _predict(predict, model, rides[:, :2].tolist())
    return model, _rmse(yhat, charge)


def _other_rides(n: int, seed: int) -> np.ndarray:
    """Draw rides [n, 3] of another bicycle, which charges on the way."""
    generator = np.random.RandomState(seed)
    km = generator.uniform(1, 20, n)
    metres = generator.uniform(0, 300, n)
    charge = 50 - 1.5 * km + 0.04 * metres + 0.5 * generator.randn(n)
    return np.stack([km, metres, charge], axis=1)
