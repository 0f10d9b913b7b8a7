"""Everybody in the benchmark does the same work, and it is proved first."""

import pytest
import torch

from helpers.errors import CourseError
from helpers.measuring.contenders import (
    AGAIN,
    PLAIN,
    TITLES,
    check_agreement,
    contenders_for,
)
from helpers.measuring.jobs import JOBS, job_called

EAGERLY = [name for name in TITLES if name != "compiled"]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_everybody_has_the_losses_of_the_plain_loop(job):
    n_epochs = 3 if job.name.startswith("line") else 1
    found = check_agreement(contenders_for(job, EAGERLY), n_epochs)
    assert set(found) == set(EAGERLY)
    assert found[PLAIN] == found[AGAIN]
    for losses in found.values():
        assert losses == pytest.approx(found[PLAIN], rel=1e-3)
        assert len(losses) == 2 * n_epochs


def test_the_compiled_contender_has_them_too():
    job = job_called("line-momentum")
    found = check_agreement(contenders_for(job, [PLAIN, "compiled"]), 4)
    assert found["compiled"] == pytest.approx(found[PLAIN], rel=1e-3)


def test_other_work_is_refused():
    contenders = contenders_for(job_called("line-sgd"), [PLAIN, "eager"])
    for group in contenders["eager"].configuration.optimizer.param_groups:
        group["lr"] *= 1.1
    with pytest.raises(CourseError, match="it does other work"):
        check_agreement(contenders)


def test_another_order_of_the_batches_is_refused():
    contenders = contenders_for(job_called("line-sgd"), [PLAIN, "floor"])
    floor = contenders["floor"]

    def other_order(configuration, train_loader, val_loader, n_epochs):
        backwards = list(train_loader)[::-1]
        return floor.train(configuration, backwards, val_loader, n_epochs)

    contenders["floor"] = floor._replace(train=other_order)
    with pytest.raises(CourseError, match="floor"):
        check_agreement(contenders, 1)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_an_example_has_as_many_rows_as_wanted(job):
    for n_rows in (3, 2500):
        x, y = job.example(n_rows)
        assert len(x) == len(y) == n_rows
        assert x.dtype == torch.float32
    assert not torch.equal(x[0], x[1])
