"""What a model takes and returns: scaling, ranges, names, probabilities."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.deployment.prediction import (
    About,
    Exported,
    Feature,
    Output,
    Scaled,
    predict,
    probabilities,
)
from helpers.errors import DataError
from tests.deployment.models import IMAGE, PERCENT, make_net


def exported(model, *features, outputs=("y",), class_names=()) -> Exported:
    named = tuple(map(Output, outputs))
    return Exported(model, About(features, named, class_names))


def test_scaled_is_the_formula():
    scaled = Scaled(nn.Identity(), [1.0, 2.0], [2.0, 4.0])
    found = scaled(torch.tensor([[3.0, 10.0]]))
    assert found.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16]
)
def test_scaled_gives_the_model_its_own_dtype(dtype):
    model = nn.Linear(1, 1).to(dtype)
    # 1001 of 1000 to 1002 is 0.5; in bfloat16 it would be rounded to 1000
    scaled = Scaled(model, [1000.0], [2.0])
    found = scaled(torch.tensor([[1001.0]]))
    assert torch.equal(found, model(torch.tensor([[0.5]], dtype=dtype)))


@pytest.mark.parametrize("x_new", [[[0.2]], np.array([[0.2]])])
def test_predict_is_in_eval_mode_and_needs_no_gradients(x_new):
    net = make_net().train()
    first, second = predict(net, x_new), predict(net, x_new)
    assert torch.equal(first, second)
    assert not first.requires_grad
    assert not net.training


def test_predict_needs_two_axes():
    with pytest.raises(DataError, match="two axes"):
        predict(make_net(), [0.2, 0.3])


@pytest.mark.parametrize(
    "readings",
    [
        [[101.0]],
        [[-1.0]],
        [[float("nan")]],
        [1.0],
        [[1.0, 2.0]],
        1.0,
    ],
)
def test_bad_readings_are_refused(readings):
    with pytest.raises(DataError, match="x_percent"):
        exported(lambda x: x, PERCENT).predict(readings)


@pytest.mark.parametrize("readings", [[["a"]], [[1.0], []], None])
def test_readings_that_are_not_numbers_are_refused(readings):
    with pytest.raises(DataError, match="not numbers"):
        exported(lambda x: x, PERCENT).predict(readings)


def test_the_range_of_an_image_holds_for_each_of_its_numbers():
    model = exported(lambda x: x.flatten(1).sum(1, keepdim=True), IMAGE)
    image = torch.zeros(1, 8, 8)
    assert model.predict([image.tolist()]).tolist() == [[0.0]]
    image[0, 3, 5] = 17
    with pytest.raises(DataError, match="one reading is 17"):
        model.predict(image[None])
    with pytest.raises(DataError, match=r"should have \[N, 1, 8, 8\]"):
        model.predict(torch.zeros(2, 8, 8))


def test_one_output_is_answered_with_its_unit():
    answer = exported(lambda x: 2 * x, PERCENT).answer([[1], [2]])
    assert answer == {"y": [2.0, 4.0], "unit": "no unit"}


def test_several_outputs_are_answered_by_name():
    model = exported(
        lambda x: torch.cat([x, -x], 1), PERCENT, outputs=("b", "w")
    )
    assert model.answer([[1], [2]]) == {
        "b": [1.0, 2.0],
        "w": [-1.0, -2.0],
        "units": {"b": "no unit", "w": "no unit"},
    }


def test_a_classifier_answers_the_class_and_all_probabilities():
    logits = torch.tensor([[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]])
    model = exported(lambda x: logits, PERCENT, class_names=("a", "b", "c"))
    answer = model.answer([[1], [2]])
    assert answer["y"] == ["b", "a"]
    rows = [list(row.values()) for row in answer["probabilities"]]
    expected = logits.double().softmax(1)
    assert torch.equal(torch.tensor(rows, dtype=torch.float64), expected)
    assert list(answer["probabilities"][0]) == ["a", "b", "c"]


def test_a_single_logit_speaks_for_the_second_class():
    logit = torch.tensor([[-3.0], [0.5]])
    found = probabilities(logit)
    assert torch.allclose(found[:, 1:], logit.double().sigmoid())
    model = exported(lambda x: logit, PERCENT, class_names=("no", "yes"))
    assert model.answer([[1], [2]])["y"] == ["no", "yes"]


def test_nan_is_not_an_answer():
    model = exported(lambda x: x / 0, PERCENT)
    with pytest.raises(DataError, match="no answer"):
        model.answer([[0.0]])


def feature(**changes) -> Feature:
    given = {"name": "a", "unit": "m", "lowest": 0, "highest": 1}
    return Feature(**{**given, **changes})


Y = (Output("y"),)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (About(()), "one feature"),
        (About((feature(), feature())), "a name of its own"),
        (About((feature(name="a b"),)), "not a valid name"),
        (About((feature(name="_a"),)), "not a valid name"),
        (About((feature(name=3),)), "of the wrong kind"),
        (About((feature(unit=3),)), "should be words"),
        (About((feature(lowest=1),)), "lowest"),
        (About((feature(lowest=float("nan")),)), "lowest"),
        (About((feature(highest=float("inf")),)), "lowest"),
        (About((feature(lowest=-(10**400)),)), "of the wrong kind"),
        (About((feature(lowest="abc"),)), "of the wrong kind"),
        (About((feature(highest=True),)), "numbers"),
        (About((feature(scale=0),)), "scale"),
        (About((feature(offset=float("nan")),)), "scale"),
        (About((feature(shape=(8, 0)),)), "sizes"),
        (About((feature(shape=(1, 1, 1, 1, 1)),)), "sizes"),
        (About((feature(shape=(10**4, 10**4)),)), "more than"),
        (About((feature(shape=(2,)), feature(name="b"))), "only feature"),
        (About(("x",)), "of the wrong kind"),
        (About((feature(),), ()), "one output"),
        (About((feature(),), Y + Y), "a name of its own"),
        (About((feature(),), (Output("unit"),)), "cannot be called unit"),
        (About((feature(),), Y, ("a",)), "two classes"),
        (About((feature(),), Y, ("a", "a")), "two classes"),
        (About((feature(),), Y, (1, 2)), "words"),
        (About((feature(),), (*Y, Output("z")), ("a", "b")), "one output"),
    ],
)
def test_names_and_ranges_that_make_no_sense_are_named(about, said):
    assert said in about.fault()


def test_what_makes_sense_has_no_fault():
    assert About((PERCENT,)).fault() is None
    assert About((IMAGE,), Y, ("a", "b")).fault() is None
