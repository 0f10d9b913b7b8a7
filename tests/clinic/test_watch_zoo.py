"""Healthy loops draw no alarm, and sick ones the right one, first."""

import warnings

import pytest
import torch

from helpers.clinic.report import WORDS
from helpers.clinic.signs import SIGNS
from tests.clinic import healthy, healthy_more, sick, sick_more  # noqa: F401

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("name", healthy.LOOPS)
def test_healthy(name):
    report = healthy.LOOPS[name]().report()
    assert report.n_steps > 0
    assert not [one for one in report.unseen if "failed" in one]
    assert not [f for f in report.findings if f.level != "note"], str(report)


@pytest.mark.parametrize("name", sick.LOOPS)
def test_sick(name):
    report = sick.LOOPS[name]().report()
    assert report.findings, "nothing was found"
    assert not [one for one in report.unseen if "failed" in one]
    first = report.findings[0]
    assert first.kind in sick.WANTED[name].split("|"), str(report)
    for words in (first.saw, first.why, first.try_):
        assert words and "{" not in words
    assert str(report).count("Why it matters") == len(report.findings)
    assert first.kind in report._repr_html_()


def test_there_are_enough_of_both():
    assert len(healthy.LOOPS) >= 60 and len(sick.LOOPS) >= 40


def test_every_kind_has_words_and_most_a_loop_that_shows_it():
    assert set(WORDS) == set(SIGNS)
    shown = {k for kinds in sick.WANTED.values() for k in kinds.split("|")}
    assert not set(SIGNS) - shown
    assert len(SIGNS) >= 30
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kinds = sick.LOOPS["regression_diverges"]().report().kinds()
    assert "nan" in kinds
