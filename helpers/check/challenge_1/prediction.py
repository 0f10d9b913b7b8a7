"""Challenge 1, all of it together, judged on held-out rides."""

import copy
import csv

import torch
from torch import nn

from helpers.challenge_data import HELD_OUT, RIDES
from helpers.practice.exercise import call, exercise, kind
from helpers.practice.probes import close
from helpers.practice.verdict import wrong

SCALE = torch.tensor([20.0, 300.0])  # km, m
CHARGE = 100.0  # percent
LIMIT = 1.3  # percent, root mean squared error on the held-out rides
PREDICT = (
    "chapter 09, the sections *Only the model's state* and *Shapes and units*"
)


@exercise("C1.9", "Fit and predict", minutes=20, level="hard", look=PREDICT)
def prediction(fit, predict):
    """Check ``fit(path)`` and ``predict(model, rides)`` on held-out rides."""
    _check_predict(predict)
    model = call(fit, RIDES, shown="fit(path)")
    if not isinstance(model, nn.Module):
        wrong(
            "no_model",
            expected="`fit(path)` returns the trained model.",
            found=f"It returns {kind(model)}.",
            cause="`return model` is missing, or the losses are returned.",
        )
    with open(HELD_OUT, newline="", encoding="ascii") as file:
        rows = [[float(n) for n in row] for row in list(csv.reader(file))[1:]]
    rides = [row[:2] for row in rows]
    charge = torch.tensor([row[2:] for row in rows])  # [40, 1]
    yhat = call(predict, model, rides, shown="predict(model, rides)")
    error = _rmse(yhat, charge)
    if not error < LIMIT:
        _diagnose_error(model, predict, rides, charge, error)
    again = call(fit, RIDES)
    if not close(list(model.parameters()), list(again.parameters())):
        wrong(
            "not_seeded",
            expected="`fit` gives the same model each time.",
            found="Two calls gave two models.",
            cause="The model starts from random weights. "
            "`torch.manual_seed(42)` just before it is built fixes them.",
            look="chapter 00, the section *A loop that works*",
        )
    return f"On rides it never saw, your model is {error:.1f} percent off."


def _rmse(yhat, charge) -> float:
    return float(((yhat - charge) ** 2).mean().sqrt())


def _check_predict(predict) -> None:
    """Ask a model of ours, whose answers are known."""
    model = _known_model()
    rides = [[12.0, 150.0], [3.5, 20.0], [19.0, 300.0]]
    x = torch.tensor(rides)
    right = CHARGE * (x / SCALE).sum(dim=1, keepdim=True)  # [3, 1]
    before = copy.deepcopy(model.state_dict())
    model.train()
    yhat = call(predict, model, rides, shown="predict(model, rides)")
    _check_prediction(yhat, 3)
    if not close(
        model.state_dict()["1.running_mean"], before["1.running_mean"]
    ):
        wrong(
            "train_mode",
            expected="Predicting changes nothing in the model.",
            found="The running statistics of its batch norm moved.",
            cause="The model was left in train mode. `model.eval()` belongs "
            "into `predict`; `no_grad` alone does not do it.",
            look="chapter 09, the section *Forgetting `eval()`*",
        )
    _check_answers(yhat, x, right)
    for other in (x.clone(), x.numpy().copy()):
        kept = torch.as_tensor(other).clone()
        again = call(predict, model, other, shown="predict(model, rides)")
        if not close(torch.as_tensor(other), kept):
            wrong(
                "changes_input",
                expected="The rides that were passed stay as they are.",
                found="They were scaled in place.",
                cause="`/=` writes into the caller's tensor. `x / scale` "
                "makes a new one.",
            )
        if not close(again, right, 1e-4):
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


def _known_model() -> nn.Module:
    """A model whose answer in eval mode is the sum of its features."""
    model = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
    with torch.no_grad():
        model[0].weight.fill_(1.0)
        model[0].bias.zero_()
    return model


def _check_prediction(yhat, n: int) -> None:
    if not isinstance(yhat, torch.Tensor):
        wrong(
            "no_tensor",
            expected=f"A tensor [N, 1], here [{n}, 1].",
            found=f"{kind(yhat)}.",
            cause="The predictions were turned into numbers or a list, or "
            "`return` is missing.",
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


def _check_answers(yhat, x, right) -> None:
    if close(yhat, right, 1e-4):
        return
    sums = x.sum(dim=1, keepdim=True)
    known = {
        "fraction": (right / CHARGE, "The model answers in fractions, its "
                     "labels were charge / 100. Multiply by 100."),
        "not_scaled": (CHARGE * sums, "The rides were not scaled as in the "
                       "data set: distance / 20, climb / 300."),
        "neither": (sums, "Neither the rides were scaled nor the answer: "
                    "distance / 20, climb / 300, and the answer times 100."),
    }  # fmt: skip
    for diagnosis, (values, cause) in known.items():
        if close(yhat, values, 1e-4):
            _wrong_answer(diagnosis, yhat, right, cause)
    _wrong_answer(
        "other_answer",
        yhat,
        right,
        "Another scale, other columns, another model than the one passed, "
        "dropout or batch norm in train mode, or an answer in other units.",
    )


def _wrong_answer(diagnosis, yhat, right, cause) -> None:
    wrong(
        diagnosis,
        expected="A model that adds up its two scaled features says "
        f"{right[0].item():.1f} percent for 12 km and 150 m.",
        found=f"{yhat[0].item():.4g}.",
        cause=cause,
        look="chapter 09, the section *Shapes and units*",
    )


def _diagnose_error(model, predict, rides, charge, error: float) -> None:
    is_nan = error != error
    wrong(
        "diverged" if is_nan else "not_good_enough",
        expected=f"An error below {LIMIT} percent on the held-out rides.",
        found="`nan`." if is_nan else f"{error:.1f} percent.",
        cause="The loss diverged: a smaller learning rate, 0.1 for instance."
        if is_nan
        else "Too few epochs, a learning rate that is too small or too large, "
        "a step that does not train this model, or data that is scaled in "
        "another way than in `predict`. Look at the losses that your loop "
        "returns.",
        look="chapter 05, the section *Reading the curves*",
    )
