"""Challenge 1, all of it together, judged on held-out rides."""

import csv
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from helpers.datasets.rides import HELD_OUT, RIDES, write_rides
from helpers.practice.exercises import call, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong

LIMIT = 1.3  # percentage points of charge, root mean squared error
# Made-up rides of another bicycle have another rule and less noise. A model
# that never saw them is wrong by about 20 points.
OTHER_LIMIT = 3.0

PREDICT = (
    "chapter 09, the sections *Only the model's state* and *Shapes and units*"
)
CURVES = "chapter 05, the section *Reading the curves*"
SHOWN = "predict(model, rides)"


@exercise(
    "C1.9",
    "Fit and predict",
    minutes=20,
    level="hard",
    look=PREDICT,
    patience=6,
    slow="Too many epochs (100 to 200 are plenty), workers in a loader, or a "
    "data set that reads the whole file for each item. Or a loop that never "
    "ends.",
)
def prediction(fit, predict):
    """Check ``fit(path)`` and ``predict(model, rides)`` on held-out rides."""
    rides, charge = held_out_rides()
    model = _fitted(fit, RIDES)
    yhat = call(predict, model, rides, shown=SHOWN)
    _check_prediction(yhat, len(rides))
    error = _rmse(yhat, charge)
    if not error < LIMIT:
        _explain(model, predict, rides, charge, error)
    _check_manners(predict, model, rides, yhat)
    _check_seeded(fit, model)
    _check_path(fit, predict)
    return (
        "On 40 rides that it never saw, your model is off by "
        f"{error:.1f} points of charge."
    )


def held_out_rides() -> tuple[list[list[float]], torch.Tensor]:
    """Return the held-out rides, 40 of [km, m], and their charge [40, 1]."""
    with open(HELD_OUT, newline="", encoding="ascii") as file:
        rows = [[float(n) for n in row] for row in list(csv.reader(file))[1:]]
    return [row[:2] for row in rows], torch.tensor([row[2:] for row in rows])


def _fitted(fit, path) -> nn.Module:
    model = call(fit, path, shown="fit(path)")
    if not isinstance(model, nn.Module):
        wrong(
            "no_model",
            expected="`fit(path)` returns the trained model.",
            found=f"It returns {kind(model)}.",
            cause="`return model` is missing, or the losses are returned.",
        )
    return model


def _rmse(yhat, charge) -> float:
    return float(((yhat - charge) ** 2).mean().sqrt())


def _check_prediction(yhat, n: int) -> None:
    if not isinstance(yhat, torch.Tensor):
        wrong(
            "no_tensor",
            expected=f"A tensor [N, 1], here [{n}, 1].",
            found=f"{kind(yhat)}.",
            cause="The predictions were turned into numbers or a list, or "
            "`return` is missing.",
        )
    if not yhat.is_floating_point() or torch.equal(yhat, yhat.round()):
        wrong(
            "rounded",
            expected="The charge with its decimal places, floats.",
            found="Whole numbers only.",
            cause="The answer was rounded, or turned into `int`. Rounding is "
            "for whoever prints it.",
        )
    if yhat.requires_grad:
        wrong(
            "recorded",
            expected="A prediction without a graph.",
            found="Autograd recorded it.",
            cause="`torch.no_grad()` or `torch.inference_mode()` is missing.",
        )
    if list(yhat.shape) != [n, 1]:
        wrong(
            "shape",
            expected=f"Shape [{n}, 1] for {n} rides.",
            found=f"Shape {list(yhat.shape)}.",
            cause="One row a ride, one column: no `squeeze`, no `flatten`.",
        )
    if yhat.device.type != "cpu":
        wrong(
            "not_on_cpu",
            expected="The prediction is on the CPU.",
            found=f"It is on `{yhat.device.type}`.",
            cause="`.cpu()` is missing at the end.",
        )


def _explain(model, predict, rides, charge, error: float) -> None:
    """Say why the predictions are bad: by what would have made them good."""
    if error != error:
        wrong(
            "diverged",
            expected=f"An error below {LIMIT} points of charge.",
            found="`nan`.",
            cause="The loss diverged: try a smaller learning rate, such as "
            "0.1.",
            look=CURVES,
        )
    scaled = [[km / 20, metres / 300] for km, metres in rides]
    turned = [ride[::-1] for ride in rides]
    tries = {
        "fraction": (rides, 100, "The answer is in the units of the label, "
                     "charge / 100. Multiply by 100."),
        "not_scaled": (scaled, 1, "The rides were not scaled as in the data "
                       "set: distance / 20, climb / 300."),
        "neither": (scaled, 100, "The rides were not scaled, distance / 20 "
                    "and climb / 300, and the answer not brought back: times "
                    "100."),
        "columns_swapped": (turned, 1, "Distance and climb changed places."),
    }  # fmt: skip
    for diagnosis, (asked, factor, cause) in tries.items():
        if _rmse(factor * predict(model, asked), charge) < LIMIT:
            _wrong_error(diagnosis, error, cause, "")
    _wrong_error(
        "not_good_enough",
        error,
        "Too few epochs, a learning rate that is too small or too large, a "
        "step that does not train this model, or data that is scaled in one "
        "way in `fit` and in another in `predict`. Print the losses that your "
        "loop returns: do they fall, and level off near 0.0001?",
        CURVES,
    )


def _wrong_error(diagnosis: str, error: float, cause: str, look: str) -> None:
    wrong(
        diagnosis,
        expected=f"An error below {LIMIT} points of charge on the held-out "
        "rides.",
        found=f"{error:.1f} points.",
        cause=cause,
        look=look,
    )


def _check_manners(predict, model, rides, yhat) -> None:
    """Look at what else `predict` does with its model and its rides."""
    _check_mode(predict, model, rides, yhat)
    x = torch.tensor(rides)
    for other in (x.clone(), x.numpy().copy()):
        again = call(predict, model, other, shown=SHOWN)
        if not close(torch.as_tensor(other), x):
            wrong(
                "changes_input",
                expected="The rides that were passed stay as they are.",
                found="They were scaled in place.",
                cause="`/=` writes into the caller's tensor. `x / scale` "
                "makes a new one.",
            )
        if not close(again, yhat, 1e-4):
            wrong(
                "other_input",
                expected="Rides in a list, an array or a tensor give the same.",
                found="Other answers.",
                cause="`torch.as_tensor(rides, dtype=torch.float32)` takes "
                "all three.",
            )
    if list(call(predict, model, rides[:1]).shape) != [1, 1]:
        wrong(
            "one_ride",
            expected="One ride gives a tensor of shape [1, 1].",
            found="Another shape.",
            cause="`squeeze` removes every axis of length 1, rows included.",
        )


def _check_mode(predict, model, rides, yhat) -> None:
    """Ask once more, of a model that answers nonsense in train mode."""

    def add_nonsense(module, _arguments, answer):
        return answer + 1000.0 if module.training else answer

    handle = model.register_forward_hook(add_nonsense)
    model.train()
    try:
        again = call(predict, model, rides, shown=SHOWN)
    finally:
        handle.remove()
    if not close(again, yhat, 1e-4):
        wrong(
            "train_mode",
            expected="`predict` puts the model into eval mode.",
            found="It left it in train mode.",
            cause="`model.eval()` is missing. A linear layer does not mind; "
            "with dropout or batch norm the answers would be wrong.",
            look="chapter 09, the section *Forgetting `eval()`*",
        )


def _check_seeded(fit, model) -> None:
    again = _fitted(fit, RIDES)
    pairs = zip(model.parameters(), again.parameters(), strict=True)
    if not all(torch.equal(a, b) for a, b in pairs):
        wrong(
            "not_seeded",
            expected="`fit` gives the same model each time.",
            found="Two calls gave two models.",
            cause="The weights to start with are random, or the order of the "
            "batches is. `torch.manual_seed(42)` before the model is built "
            "fixes the first, a seeded generator of the loader the second.",
            look="chapter 00, the section *A loop that works*",
        )


def _other_rides(n: int, seed: int) -> np.ndarray:
    """Draw rides [n, 3] of another bicycle, which charges on the way."""
    generator = np.random.RandomState(seed)
    km = generator.uniform(1, 20, n)
    metres = generator.uniform(0, 300, n)
    charge = 50 - 1.5 * km + 0.04 * metres + 0.5 * generator.randn(n)
    return np.stack([km, metres, charge], axis=1)


def _check_path(fit, predict) -> None:
    """Fit another file: what was learned has to come from there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "other_rides.csv"
        write_rides(_other_rides(150, seed=5), path)
        model = _fitted(fit, path)
        rides = _other_rides(40, seed=6)
        charge = torch.tensor(rides[:, 2:], dtype=torch.float32)
        error = _rmse(predict(model, rides[:, :2].tolist()), charge)
    if not error < OTHER_LIMIT:
        wrong(
            "path_ignored",
            expected="`fit(path)` learns from the file that it is given.",
            found=f"For rides of another bicycle it is off by {error:.1f} "
            "points.",
            cause="The name of a file stands in `fit`, or in the data set, in "
            "place of `path`.",
            look=PREDICT,
        )
