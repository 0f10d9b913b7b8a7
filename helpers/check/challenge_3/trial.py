"""A mended loop is run on rows that the page does not have, and measured."""

import torch
import torch.nn.functional as F
from torch import nn

from helpers.check.challenge_3.chart import Chart, rows_of
from helpers.check.challenge_3.data import draw
from helpers.check.challenge_3.record import Patient
from helpers.practice import Seen, call, judge


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


def run(patient: Patient, healed, seed: int, more: int) -> Seen:
    """Run a loop, and note what it did.

    Args:
        patient: which it was.
        healed: the loop.
        seed: of the rows, and passed on.
        more: epochs more than it usually has; with them come more rows to
            validate on, so that no count of either can be written down.

    Raises:
        Wrong: what it returns is no model with a list of numbers.
    """
    rows, rows_val = draw(patient.data, seed, n_val=401 + 57 * more)
    n_epochs = patient.n_epochs + more
    given = rows if patient.splits else (*rows, *rows_val)
    with Chart() as chart:
        result = call(
            healed,
            *(part.clone() for part in given),
            shown="healed(x, y, ..., seed, n_epochs)",
            seed=seed,
            n_epochs=n_epochs,
        )
    judge(RETURNED, Seen(result=result, n_epochs=n_epochs))
    model, numbers = result
    return Seen(
        patient=patient,
        model=model,
        shapes=_shapes(patient.model()),
        model_shapes=_shapes(model),
        n_epochs=n_epochs,
        number=numbers[-1],
        measured=measure(patient, model, *rows_val),
        x_val=rows_val[0],
        **_updates(patient, chart, len(rows[0]), n_epochs),
        **_rows(patient, chart, rows[0], rows_val[0]),
    )


def _updates(patient: Patient, chart: Chart, n_rows: int, n_epochs: int):
    """Return how often, how fast and with what it was updated."""
    n = int(0.8 * n_rows) if patient.splits else n_rows
    size = patient.batch_size or n
    learns = [c for c in chart.calls if c.learns]
    per_epoch = len(learns) // n_epochs
    return {
        "rates": chart.rates,
        "kinds": sorted(chart.optimizers),
        "first_rate": chart.rates[0] if chart.rates else 0.0,
        "n_steps": len(chart.rates),
        "most": n_epochs * -(-n // size),
        "least": n_epochs * (n // size),
        "adds": any(c.adds for c in learns),
        "learns_in_eval": any(not c.trains for c in learns),
        "epochs": [
            [row for c in learns[k : k + per_epoch] for row in c.rows]
            for k in (0, per_epoch)
        ],
    }


def _rows(patient: Patient, chart: Chart, x, x_val):
    """Return which rows it learned from, and which it judged."""
    known, known_val = (
        {row for way in _ways(patient, part) for row in rows_of(way)}
        for part in (x, x_val)
    )
    learnt = {row for c in chart.calls if c.learns for row in c.rows}
    judged = {row for c in chart.calls if not c.learns for row in c.rows}
    return {
        "held_out": known_val - known,
        "learnt": learnt,
        "judged": judged,
        "n_both": len(judged & learnt),
        "n_strange": len(learnt - known - known_val),
    }


def _ways(patient: Patient, x) -> tuple:
    """Return rows as a loop may give them to its model."""
    if patient.data == "raw":  # dark on bright, or bright on dark
        return x / 16, 1 - x / 16
    return (x,)


def measure(patient: Patient, model, x, y) -> float:
    """Measure what a patient reports, in eval mode, on held-out rows."""
    model.eval()
    with torch.no_grad():
        if patient.reports == "accuracy":
            return max(_accuracy(model, v, y) for v in _ways(patient, x))
        yhat = model(x)
        if patient.reports == "mse":
            return F.mse_loss(yhat.reshape(-1), y.reshape(-1)).item()
        return F.cross_entropy(yhat, y).item()


def _accuracy(model, x, y) -> float:
    return (model(x).argmax(dim=1) == y).float().mean().item()
