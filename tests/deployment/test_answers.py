"""What is answered to a request, without a server."""

import json

import pytest
import torch

from helpers.deployment.answers import (
    MAX_BYTES,
    MAX_ROWS,
    Answers,
    Refused,
    client_without_network,
)
from helpers.deployment.prediction import About, Exported, Feature, Output
from tests.deployment.models import IMAGE, PERCENT


def make_answers(*features, model=lambda x: x[:, :1], **about) -> Answers:
    return Answers(Exported(model, About(features or (PERCENT,), **about)))


@pytest.fixture
def answers():
    return make_answers()


def test_rows_are_answered_in_their_order(answers):
    body = b'{"rows": [{"x_percent": 20}, {"x_percent": 34.5}]}'
    assert answers.predict(body) == {"y": [20.0, 34.5], "unit": "no unit"}


def test_columns_are_told_apart_by_name_and_not_by_order():
    features = Feature("a", "m", 0, 9), Feature("b", "m", 0, 9)
    answers = make_answers(*features, model=lambda x: x[:, :1] - x[:, 1:])
    body = b'{"rows": [{"b": 1, "a": 3}, {"a": 1, "b": 3}]}'
    assert answers.predict(body)["y"] == [2.0, -2.0]


def test_features_may_be_called_like_methods_of_the_form():
    names = ("model_fields", "json", "copy", "rows", "schema", "column_0")
    features = [Feature(name, "m", 0, 9) for name in names]
    answers = make_answers(*features, model=lambda x: x.sum(1, keepdim=True))
    row = dict.fromkeys(names, 1)
    body = json.dumps({"rows": [row]}).encode()
    assert answers.predict(body)["y"] == [6.0]


def test_an_image_is_nested_lists():
    answers = make_answers(
        IMAGE, model=lambda x: x[:, 0, 0, :2], class_names=("a", "b")
    )
    image = torch.zeros(1, 8, 8)
    image[0, 0, 1] = 16
    body = json.dumps({"rows": [{"image": image.tolist()}]}).encode()
    assert answers.predict(body)["y"] == ["b"]


def refusal(answers, content, **options) -> Refused:
    with pytest.raises(Refused) as caught:
        answers.predict(content, **options)
    assert caught.value.sentence.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ('{"rows": []}', "rows"),
        ('{"rows": 34}', "rows"),
        ('{"rows": [34]}', "rows[0]"),
        ('{"rows": [{}]}', "rows[0].x_percent"),
        ('{"rows": [{"x": 1}]}', "rows[0].x_percent"),
        ('{"rows": [{"x_percent": 1, "y": 1}]}', "rows[0].y"),
        ('{"rows": [{"x_percent": NaN}]}', "rows[0].x_percent"),
        ('{"rows": [{"x_percent": 1e999}]}', "rows[0].x_percent"),
        ('{"rows": [{"x_percent": 1%s}]}' % ("0" * 400), "rows[0].x_percent"),
        ('{"rows": [{"x_percent": "34"}]}', "rows[0].x_percent"),
        ('{"rows": [{"x_percent": [34]}]}', "rows[0].x_percent"),
        ('{"rows": [{"x_percent": true}]}', "rows[0].x_percent"),
        ('{"rows": [{"x_percent": null}]}', "rows[0].x_percent"),
        ('{"rows": [{"x_percent": 101}]}', "rows[0].x_percent"),
        (
            '{"rows": [{"x_percent": 1}, {"x_percent": -1}]}',
            "rows[1].x_percent",
        ),
        ('{"rows": [{"x_percent": 1, "x_percent": 2}]}', "x_percent"),
        ('{"rows": [{"x_percent": 1}], "rows": [{}]}', "rows"),
        (json.dumps({"rows": [{"x_percent": 1}] * 1001}), "rows"),
        ('{"rows": [{"x_percent": 1}], "more": 1}', "more"),
        ('{"rows": [{"\\ud800": 1}]}', "rows[0]"),
        ("{}", "rows"),
        ("[]", "body"),
        ("{", "body"),
        ("", "body"),
        ("9" * 5000, "body"),
        (b"\xff\xfe\x00", "body"),
    ],
)
def test_bad_input_gets_422_and_the_field(answers, content, field):
    content = content.encode() if isinstance(content, str) else content
    refused = refusal(answers, content)
    assert refused.status == 422
    assert refused.field == field
    assert refused.content() == {"error": refused.sentence, "field": field}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b'{"rows": [{"x_percent": "34"}]}',
            "rows[0].x_percent should be a number, 0 to 100 percent, but is "
            '"34".',
        ),
        (b'{"rows": [{}]}', "rows[0].x_percent is missing."),
        (
            b'{"rows": []}',
            f"rows should hold 1 to {MAX_ROWS} rows, but holds 0.",
        ),
        (
            b'{"rows": [{"x_percent": 1, "y": 1}]}',
            "rows[0].y is not known here; known is x_percent.",
        ),
        (
            b"[]",
            "body should be an object with names and values, but is a list.",
        ),
    ],
)
def test_refusals_say_what_is_wrong(answers, content, sentence):
    assert refusal(answers, content).sentence == sentence


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        (lambda image: image[0].pop(), "rows[0].image[0]", "8 items"),
        (lambda image: image.append([]), "rows[0].image", "1 items"),
        (
            lambda image: image[0][3].__setitem__(5, 17),
            "rows[0].image[0][3][5]",
            "0 to 16 grey value",
        ),
        (
            lambda image: image[0].__setitem__(2, 1),
            "rows[0].image[0][2]",
            "a list",
        ),
    ],
)
def test_bad_images_are_refused_with_the_place(change, field, said):
    image = torch.zeros(1, 8, 8).tolist()
    change(image)
    body = json.dumps({"rows": [{"image": image}]}).encode()
    refused = refusal(make_answers(IMAGE), body)
    assert (refused.status, refused.field) == (422, field)
    assert said in refused.sentence


def test_a_request_without_the_type_of_json_is_refused(answers):
    refused = refusal(answers, b"{}", content_type="text/plain")
    assert "application/json" in refused.sentence


def test_deep_nesting_is_refused(answers):
    assert refusal(answers, b"[" * 100_000).status == 400


def test_a_model_without_an_answer_is_a_refusal():
    answers = make_answers(model=lambda x: x / 0)
    refused = refusal(answers, b'{"rows": [{"x_percent": 0}]}')
    assert refused.status == 422


def test_the_service_says_what_it_takes_and_returns():
    answers = make_answers(
        IMAGE, outputs=(Output("digit", "class"),), class_names=("a", "b")
    )
    about = answers.about()
    assert json.loads(json.dumps(about)) == {
        "features": [
            {
                "name": "image",
                "unit": "grey value",
                "lowest": 0,
                "highest": 16,
                "shape": [1, 8, 8],
            }
        ],
        "outputs": [{"name": "digit", "unit": "class"}],
        "class_names": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/", b"", 200),
        ("POST", "/predict", b'{"rows": [{"x_percent": 1}]}', 200),
        ("POST", "/predict", b"{}", 422),
        ("GET", "/nothing", b"", 404),
        ("GET", "/predict", b"", 405),
        ("POST", "/", b"", 405),
        ("POST", "/predict/", b"{}", 404),
        ("POST", "/predict", b"[" * 100_000, 400),
        ("POST", "/predict", b" " * (MAX_BYTES + 1), 413),
    ],
)
def test_a_client_without_network_gets_what_the_service_sends(
    answers, method, path, content, status
):
    noted = []
    client = client_without_network(answers, lambda *pair: noted.append(pair))
    found = client.request(method, path, content=content)
    assert found.status_code == status
    assert ("error" in found.json()) == (status != 200)
    assert [(r.method, r.url.path, s.status_code) for r, s in noted] == [
        (method, path, status)
    ]
