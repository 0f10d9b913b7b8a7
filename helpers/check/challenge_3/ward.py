"""How every patient is examined: run, measured, and its illness named.

A patient returns its trained model and a list, one number per epoch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn

from helpers.check.challenge_3.chart import Chart, rows_of
from helpers.check.challenge_3.data import draw
from helpers.practice import Seen, call, judge, wrong


def _is_number(value) -> bool:
    return type(value) in (int, float)


def _shapes(model) -> list:
    return [tuple(parameter.shape) for parameter in model.parameters()]


RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "no_pair": lambda s: (
        not isinstance(s.result, (tuple, list)) or len(s.result) != 2
    ),
    "no_model": lambda s: not isinstance(s.result[0], nn.Module),
    "no_list": lambda s: not isinstance(s.result[1], list),
    "no_numbers": lambda s: not all(map(_is_number, s.result[1])),
    "other_length": lambda s: len(s.result[1]) != s.n_epochs,
}
# What a mend leaves alone.
KEPT = {
    "grad_left_off": lambda s: not torch.is_grad_enabled(),
    "other_model": lambda s: _shapes(s.model) != s.shapes,
    "trains_on_validation": lambda s: s.held_out & s.learnt,
    "no_steps": lambda s: not s.rates,
    "other_optimizer": lambda s: s.kinds != [s.patient.optimizer],
    "other_rate": lambda s: not 0.3 < s.rates[0] / s.patient.lr < 3,
    "more_steps": lambda s: s.n_steps > s.most,
    "fewer_steps": lambda s: s.n_steps < s.least,
    "eval_while_training": lambda s: s.learns_in_eval,
}


@dataclass(frozen=True)
class Patient:
    """What is known of a patient, and when it is well.

    Attributes:
        right: the letter of its illness.
        data: the name of its data, for `draw`.
        model: builds a model like its own.
        optimizer: the kind of its optimizer.
        lr: its learning rate at the start.
        n_epochs: how long it trains.
        batch_size: None for all rows at once.
        limit: at least this accuracy, or at most this loss, on held-out rows.
        reports: its numbers: "accuracy", "cross_entropy" or "mse".
        by_number: whether its illness lies in the numbers that it reports.
        splits: whether it is given all rows, and splits them itself.
        tolerance: how far its last number may be from what is measured.
        ill, harmed: more signs, of an illness and of a harmful mend.
    """

    right: str
    data: str
    model: Callable[[], nn.Module]
    optimizer: str
    lr: float
    n_epochs: int
    batch_size: int | None
    limit: float
    reports: str = "accuracy"
    by_number: bool = False
    splits: bool = False
    tolerance: float = 0.003
    ill: Callable = lambda s: False
    harmed: Mapping = field(default_factory=dict)


def examine(patient: Patient, healed, diagnosis) -> dict:
    """Judge a mended loop, and the name given to its illness.

    Returns:
        what the praise may speak of.

    Raises:
        Wrong: it is still ill, was harmed, or has another illness.
    """
    torch.set_num_threads(1)  # for models this small, more threads only wait
    named = str(diagnosis).strip(" ().").upper()[:1] == patient.right
    for seed, more in ((1, 0), (2, 1)):
        seen = _run(patient, healed, seed, patient.n_epochs + more)
        seen.named, seen.diagnosis = named, diagnosis
        judge({**KEPT, **patient.harmed}, seen)
        off = not abs(seen.number - seen.measured) <= patient.tolerance
        lowers = patient.reports != "accuracy"
        if lowers:
            is_ill = not seen.measured <= patient.limit
        else:
            is_ill = not seen.measured >= patient.limit
        if is_ill or patient.ill(seen) or (off and patient.by_number):
            wrong("still_ill.named" if named else "still_ill", seen)
        if off:
            wrong("other_number", seen)
    if not named:
        wrong("other_illness", seen)
    return {"limit": patient.limit, "percent": 100 * patient.limit}


def _run(patient: Patient, healed, seed: int, n_epochs: int) -> Seen:
    """Run a loop on rows that the page does not have; note what it did."""
    (x, y), (x_val, y_val) = draw(patient.data, seed)
    given = (x, y) if patient.splits else (x, y, x_val, y_val)
    more = {"seed": seed, "n_epochs": n_epochs}
    shown = "healed(x, y, ..., seed, n_epochs)"
    with Chart() as chart:
        copies = [part.clone() for part in given]
        result = call(healed, *copies, shown=shown, **more)
    judge(RETURNED, Seen(result=result, n_epochs=n_epochs))
    n = int(0.8 * len(x)) if patient.splits else len(x)
    size = patient.batch_size or n
    learnt = [c for c in chart.calls if c.learns]
    model, numbers = result
    return Seen(
        patient=patient,
        model=model,
        shapes=_shapes(patient.model()),
        number=numbers[-1],
        measured=measure(patient, model, x_val, y_val),
        chart=chart,
        rates=chart.rates,
        kinds=sorted(chart.optimizers),
        first_rate=chart.rates[0] if chart.rates else 0.0,
        n_steps=len(chart.rates),
        most=n_epochs * -(-n // size),
        least=n_epochs * (n // size),
        held_out=set(rows_of(x_val)) - set(rows_of(x)),
        learnt={row for c in learnt for row in c.rows},
        judged={row for c in chart.calls if not c.learns for row in c.rows},
        adds=any(c.adds for c in learnt),
        learns_in_eval=any(not c.trains for c in learnt),
    )


def measure(patient: Patient, model, x, y) -> float:
    """Measure what a patient reports, in eval mode, on held-out rows."""
    model.eval()
    with torch.no_grad():
        if patient.data == "raw":  # dark on bright, or bright on dark
            return max(_accuracy(model, v, y) for v in (x / 16, 1 - x / 16))
        if patient.reports == "accuracy":
            return _accuracy(model, x, y)
        yhat = model(x)
        if patient.reports == "mse":
            return F.mse_loss(yhat.reshape(-1), y.reshape(-1)).item()
        return F.cross_entropy(yhat, y).item()


def _accuracy(model, x, y) -> float:
    return (model(x).argmax(dim=1) == y).float().mean().item()
