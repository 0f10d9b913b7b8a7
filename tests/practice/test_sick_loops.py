"""The patients of challenge 3 run without a word, as their owners say."""

import math
import warnings

import pytest
import torch

from helpers.check import challenge_3
from helpers.check.challenge_3.chart import Chart, rows_of
from helpers.check.challenge_3.data import draw
from helpers.practice.checkers import CHECKERS
from tests.answers import challenge_3 as answers

every_patient = pytest.mark.parametrize("number", range(1, 13))
KINDS = {
    **dict.fromkeys((2, 3, 5, 7, 10, 11), "pixels"),
    **{1: "line", 4: "images", 6: "rows", 8: "signals", 9: "raw", 12: "images"},
}


@every_patient
def test_a_sick_loop_trains_without_an_error_or_a_warning(number, capfd):
    (x, y), val = draw(KINDS[number], seed=4)
    given = (x, y) if number == 8 else (x, y, *val)
    loop = answers.sick(number)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model, numbers = loop(*given, seed=4, n_epochs=3)
    assert isinstance(model, torch.nn.Module) and len(numbers) == 3
    assert all(map(math.isfinite, numbers))
    assert capfd.readouterr() == ("", "")


@every_patient
def test_the_mend_is_told_apart_from_its_name(number):
    """One is right and the other is not, or both are, or neither."""
    check = CHECKERS[f"C3.{number}"]
    given = answers.ANSWERS[f"C3.{number}"]
    named = check(*given.wrong["still_ill"])
    unnamed = check(*given.wrong["still_ill unnamed"])
    assert "The diagnosis is right" in str(named)
    assert "Neither the mend nor the diagnosis" in str(unnamed)
    assert "The mend itself is right" in str(
        check(*given.wrong["other_illness"])
    )


def test_the_chart_sees_what_a_loop_learns_from():
    x = torch.randn(6, 2)
    model = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Dropout(0.5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
    with Chart() as chart:
        model(x[:2]).sum().backward()
        model(x[2:4]).sum().backward()  # added to the first
        optimizer.step()
        model.eval()
        model(x[4:])
    model(x)  # nobody looks any more
    assert [call.learns for call in chart.calls] == [True, True, False]
    assert [call.adds for call in chart.calls] == [False, True, False]
    assert [call.trains for call in chart.calls] == [True, True, False]
    assert chart.calls[2].rows == rows_of(x[4:])
    assert (chart.rates, chart.optimizers) == ([0.25], {"SGD"})


def test_a_checker_looks_through_a_loop_that_only_knows_its_page():
    """Results that are written down do not fit other rows."""
    model = torch.nn.Linear(1, 1)

    def written_down(x, y, x_val, y_val, seed=0, n_epochs=100):
        return model, [0.01] * n_epochs

    assert challenge_3.patient_1(written_down, "C").diagnosis == "no_steps"
