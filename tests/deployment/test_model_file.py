"""Exported files: the answers of the model, and every refusal."""

import io
import json
import os
import time
import zipfile

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import weight_norm

from helpers.deployment.model_file import (
    Feature,
    export_model,
    load_exported,
    predict,
)
from helpers.deployment.model_file_checks import ABOUT, DIGEST
from helpers.errors import ModelFileError
from tests.deployment.models import (
    DIGITS,
    IMAGE,
    PERCENT,
    make_image_net,
    make_net,
)

WEIGHT = "archive/data/weights/weight_0"


@pytest.fixture(scope="module")
def model():
    return make_net()


@pytest.fixture(scope="module")
def path(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "model.pt2"
    model.train()
    export_model(path, model, [PERCENT])
    assert model.training  # export leaves the model alone
    return path


# ------------------------------------------------------------------- answers


@pytest.mark.parametrize("n_rows", [1, 2, 3, 1000])
def test_exported_model_answers_as_the_model_does(path, model, n_rows):
    readings = torch.linspace(0, 100, n_rows).reshape(-1, 1)
    expected = predict(model, readings / 100)
    assert torch.equal(load_exported(path).predict(readings), expected)


def test_plain_torch_reads_the_file_too(path, model):
    program = torch.export.load(path).module()
    readings = torch.tensor([[20.0], [34.0], [57.0]])
    with torch.inference_mode():
        assert torch.equal(program(readings), predict(model, readings / 100))


def test_two_outputs_are_exported_with_their_names(tmp_path):
    file, net = tmp_path / "model.pt2", nn.Linear(2, 2)
    features = [PERCENT, Feature("t", "degrees", -10, 40, offset=15, scale=9)]
    export_model(file, net, features, ["b", "w"], ["m", "m/s"])
    exported = load_exported(file)
    readings = torch.tensor([[50.0, 24.0]])
    expected = predict(net, [[0.5, 1.0]])
    assert torch.equal(exported.predict(readings), expected)
    answer = exported.answer(readings)
    assert answer.pop("units") == {"b": "m", "w": "m/s"}
    assert answer == {"b": [expected[0, 0]], "w": [expected[0, 1]]}


@pytest.mark.parametrize("n_images", [1, 7])
def test_a_classifier_of_images_is_exported_with_its_classes(
    tmp_path, n_images
):
    file, net = tmp_path / "model.pt2", make_image_net()
    export_model(file, net, IMAGE, "digit", class_names=DIGITS)
    exported = load_exported(file)
    images = 16 * torch.rand(n_images, 1, 8, 8)
    logits = predict(net, images / 16)
    assert torch.equal(exported.predict(images), logits)
    best = [DIGITS[i] for i in logits.argmax(1)]
    assert exported.answer(images)["digit"] == best


def _weight_norm_after_a_step():
    net = nn.Sequential(weight_norm(nn.Linear(1, 1)))
    net(torch.ones(2, 1)).sum().backward()
    return net


class _Masked(nn.Linear):
    def __init__(self):
        super().__init__(1, 1)
        self.register_buffer("mask", torch.tensor([0.0, -torch.inf]))

    def forward(self, x):
        return super().forward(x) + self.mask.softmax(0)[:1]


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    "net",
    [
        lambda: nn.Linear(1, 1).bfloat16(),
        lambda: nn.Linear(1, 1).double(),
        _weight_norm_after_a_step,
        _Masked,
        nn.Identity,
        lambda: nn.Sequential(nn.Linear(1, 3), nn.Softsign(), nn.Linear(3, 1)),
    ],
    ids=["bfloat16", "double", "weight_norm", "mask", "none", "rare layer"],
)
def test_unusual_models_are_exported(tmp_path, net):
    file, net = tmp_path / "model.pt2", net()
    export_model(file, net, PERCENT)
    found = load_exported(file).predict([[50.0]])
    assert torch.equal(found, predict(net, [[0.5]]))


def test_a_range_may_come_from_the_data(tmp_path):
    file, x = tmp_path / "model.pt2", np.array([0, 2.5], dtype=np.float32)
    spread = x.std()
    feature = Feature("x", "m", x.min(), x.max(), offset=x.mean(), scale=spread)
    export_model(file, nn.Identity(), feature)
    exported = load_exported(file)
    assert (exported.features[0].lowest, exported.features[0].highest) == (
        0,
        2.5,
    )
    assert exported.predict([[2.5]]).item() == 1


# ------------------------------------------------------------------- refusals


class _Branches(nn.Linear):
    def forward(self, x):
        return super().forward(x) if x.sum() > 0 else x


class _Random(nn.Linear):
    def forward(self, x):
        return super().forward(x) + torch.rand(1)


def _not_finite():
    net = nn.Linear(1, 1)
    nn.init.constant_(net.bias, torch.nan)
    return net


class _DividesByZero(nn.Linear):
    def forward(self, x):
        return super().forward(x) / 0


@pytest.mark.parametrize(
    ("net", "features", "options", "said"),
    [
        (_Branches(1, 1), PERCENT, {}, "forward branches on the values"),
        (_Random(1, 1), PERCENT, {}, "random numbers"),
        (_not_finite(), PERCENT, {}, "diverged"),
        (_DividesByZero(1, 1), PERCENT, {}, "returns nan or inf"),
        (nn.Linear(1, 2), PERCENT, {}, r"returns \[5, 2\]"),
        (nn.Linear(1, 1), PERCENT, {"output": ["a", "b"]}, r"\[5, 1\]"),
        (nn.Linear(1, 2), PERCENT, {"class_names": DIGITS}, r"\[5, 3\]"),
        (nn.Sequential(nn.LSTM(1, 1)), PERCENT, {}, "returns tuple"),
        (nn.Linear(2, 1), PERCENT, {}, r"fails on 5 rows of shape \[1\]"),
        (
            nn.Sequential(nn.Linear(1, 3), nn.Softmax(1)),
            PERCENT,
            {"class_names": DIGITS},
            "leave out its softmax",
        ),
        (
            nn.Linear(1, 2),
            PERCENT,
            {"output": ["a", "b"], "output_unit": ["m"]},
            "2 outputs and 1 units",
        ),
        (nn.Linear(1, 1), [], {}, "one feature"),
        (nn.Linear(1, 1), [Feature("a b", "", 0, 1)], {}, "not a valid name"),
        ("a text", PERCENT, {}, "could not be exported"),
    ],
)
def test_failed_export_leaves_the_older_file(
    tmp_path, net, features, options, said
):
    file = tmp_path / "model.pt2"
    file.write_bytes(b"older")
    with pytest.raises(ModelFileError, match=said):
        export_model(file, net, features, **options)
    assert file.read_bytes() == b"older"


def _parts(path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _pack(parts, compression=0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def test_file_does_not_tell_where_or_when_it_was_made(path, tmp_path):
    for part in _parts(path).values():
        assert b"site-packages" not in part and b".py" not in part
    again = tmp_path / "again.pt2"
    export_model(again, make_net(), [PERCENT])
    assert again.read_bytes() == path.read_bytes()


def _checkpoint() -> bytes:
    buffer = io.BytesIO()
    torch.save({"epoch": 1}, buffer)
    return buffer.getvalue()


def _twice(good: bytes) -> bytes:
    buffer = io.BytesIO(good)
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(buffer, "a") as archive,
    ):
        archive.writestr(WEIGHT, b"1234")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda good: b"", "empty"),
        (lambda good: b"<html>", "not an exported model"),
        (lambda good: good[:-100], "damaged"),
        (lambda good: good[: len(good) // 2], "damaged"),
        (lambda good: good + good, "damaged"),
        (_twice, "damaged"),
        (lambda good: _pack({"archive/x": b"0" * 10**7}, 8), "damaged"),
        (lambda good: _pack({"archive/x": b"0" * 10**7}, 12), "damaged"),
        (lambda good: _pack({ABOUT: bytes(range(256))}, 8), "damaged"),
        (lambda good: _checkpoint(), "is a checkpoint"),
        (lambda good: _pack({"a.txt": b"x"}), "did not write it"),
        (lambda good: _pack({ABOUT: b"[" * 10**5}), "did not write it"),
        (lambda good: _pack({ABOUT: b"[]"}), "did not write it"),
        (lambda good: _pack({ABOUT: b'{"format": 2}'}), "has changed"),
    ],
)
def test_other_file_is_refused_in_a_sentence(path, tmp_path, content, said):
    other = tmp_path / "other.pt2"
    other.write_bytes(content(path.read_bytes()))
    with pytest.raises(ModelFileError, match=said):
        load_exported(other)


def _without_a_part(parts):
    del parts[WEIGHT]


def _with_a_part(parts):
    parts["archive/data/weights/weight_99"] = b"1234"


def _other_weight(parts):
    parts[WEIGHT] = parts[WEIGHT][::-1]


def _other_range(parts):
    parts[ABOUT] = parts[ABOUT].replace(b"100", b"900")


def _swapped_weights(parts):
    other = "archive/data/weights/weight_1"
    parts[WEIGHT], parts[other] = parts[other], parts[WEIGHT]


EDITS = [
    _without_a_part, _with_a_part, _other_weight, _other_range,
    _swapped_weights,
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_edited_file_is_refused(path, tmp_path, edit):
    parts, file = _parts(path), tmp_path / "edited.pt2"
    edit(parts)
    file.write_bytes(_pack(parts))
    with pytest.raises(ModelFileError, match="has changed since"):
        load_exported(file)


def _write_format_1(path, file, **changes) -> None:
    """Write what the first version wrote: one output, and no SHA-256."""
    parts = _parts(path)
    del parts[DIGEST]
    about = json.loads(parts[ABOUT])
    about["output"] = about.pop("outputs")[0]
    parts[ABOUT] = json.dumps({**about, "format": 1, **changes}).encode()
    file.write_bytes(_pack(parts))


def test_file_of_the_first_format_loads(path, model, tmp_path):
    file = tmp_path / "old.pt2"
    _write_format_1(path, file)
    found = load_exported(file).predict([[34.0]])
    assert torch.equal(found, predict(model, [[0.34]]))


def _feature(**changes):
    good = {"name": "x", "unit": "m", "lowest": 0, "highest": 1}
    return {"features": [{**good, **changes}]}


@pytest.mark.parametrize(
    "about",
    [
        {"format": 3},
        {"format": []},
        {"features": None},
        {"features": []},
        {"features": [3]},
        {"features": {"a": 1}},
        {"output": None},
        {"output": {"name": "y"}},
        {"class_names": 3},
        _feature(lowest=-(10**400)),
        _feature(lowest="abc"),
        _feature(name=None),
        _feature(name=["a"]),
        _feature(unit={}),
        _feature(shape=3),
        _feature(shape=[10**9, 10**9]),
        _feature(lowest=1),
    ],
    ids=str,
)
def test_hostile_descriptions_are_refused(path, tmp_path, about):
    file = tmp_path / "hostile.pt2"
    _write_format_1(path, file, **about)
    with pytest.raises(ModelFileError):
        load_exported(file)


def test_number_that_json_itself_refuses_is_refused(path, tmp_path):
    file = tmp_path / "hostile.pt2"
    file.write_bytes(_pack({ABOUT: b'{"format": ' + b"9" * 5000 + b"}"}))
    with pytest.raises(ModelFileError):
        load_exported(file)


def test_program_that_does_not_run_here_is_refused(path, tmp_path):
    file = tmp_path / "other.pt2"
    _write_format_1(path, file, **_feature(name="a", shape=[2]))
    with pytest.raises(ModelFileError, match="fails here"):
        load_exported(file)


@pytest.mark.parametrize("odd", [None, 3, "", b"x", "a\0b", "folder", "fifo"])
def test_odd_paths_are_one_sentence(tmp_path, odd):
    if odd == "folder":
        odd = tmp_path
    elif odd == "fifo":
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no named pipes")
        odd = tmp_path / "fifo"
        os.mkfifo(odd)
    start = time.monotonic()
    with pytest.raises(ModelFileError):
        load_exported(odd)
    with pytest.raises(ModelFileError):
        export_model(odd, nn.Linear(1, 1), PERCENT)
    assert time.monotonic() - start < 20


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs /dev/zero")
def test_file_without_an_end_is_refused():
    with pytest.raises(ModelFileError, match="a device"):
        load_exported("/dev/zero")


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match=r"There is no none\.pt2"):
        load_exported(tmp_path / "none.pt2")


def test_flipped_bit_never_changes_an_answer(path, model, tmp_path):
    good = path.read_bytes()
    expected = predict(model, [[0.34]])
    n_refused = 0
    for place in range(0, len(good), 97):
        damaged = bytearray(good)
        damaged[place] ^= 4
        file = tmp_path / "damaged.pt2"
        file.write_bytes(damaged)
        try:
            exported = load_exported(file)
        except ModelFileError:
            n_refused += 1
            continue
        assert torch.equal(exported.predict([[34.0]]), expected)
    assert n_refused > 100
