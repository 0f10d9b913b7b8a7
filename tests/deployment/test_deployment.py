"""Exported files and the service: right answers, and every refusal."""

import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile

import httpx
import psutil
import pytest
import torch
from torch import nn

from helpers.deployment import model_file_checks
from helpers.deployment.model_file import (
    Feature,
    Scaled,
    export_model,
    load_exported,
    predict,
)
from helpers.deployment.service import MAX_BYTES, start_service
from helpers.errors import CheckpointError, DataError, ServiceError

PERCENT = Feature("x_percent", "percent", 0, 100, scale=100)
PROGRAM = "archive/models/model.json"
WEIGHTS = "archive/data/weights/model_weights_config.json"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1)
    )
    net(torch.rand(8, 1))  # moves the running statistics
    return net


@pytest.fixture(scope="module")
def path(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "model.pt2"
    model.train()
    export_model(path, model, [PERCENT])
    assert model.training  # export leaves the model alone
    return path


@pytest.fixture(scope="module")
def client(path):
    with (
        start_service(path) as service,
        httpx.Client(base_url=service.url, trust_env=False) as client,
    ):
        yield client


# ------------------------------------------------------------ exported files


@pytest.mark.parametrize("n_rows", [1, 2, 3, 1000])
def test_exported_model_answers_as_the_model_does(path, model, n_rows):
    readings = torch.linspace(0, 100, n_rows).reshape(-1, 1)
    expected = predict(model, readings / 100)
    assert torch.equal(load_exported(path).predict(readings), expected)


def test_scaled_is_the_formula():
    scaled = Scaled(nn.Identity(), [1.0, 2.0], [2.0, 4.0])
    found = scaled(torch.tensor([[3.0, 10.0]]))
    assert found.tolist() == [[1.0, 2.0]]


def test_file_does_not_tell_where_it_was_made(path):
    for part in _parts(path).values():
        assert b"site-packages" not in part and b".py" not in part


@pytest.mark.parametrize(
    "readings", [[[101.0]], [[-1.0]], [[float("nan")]], [1.0], [[1.0, 2.0]]]
)
def test_bad_readings_are_refused(path, readings):
    with pytest.raises(DataError, match="x_percent"):
        load_exported(path).predict(readings)


def test_predict_asks_for_two_axes(model):
    with pytest.raises(DataError, match="two axes"):
        predict(model, [0.2, 0.3])


def _parts(path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _pack(parts, compression=0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


class _Evil:
    def __init__(self, flag):
        self.flag = flag

    def __reduce__(self):
        return os.mkdir, (str(self.flag),)


def _evil(flag) -> bytes:
    buffer = io.BytesIO()
    torch.save(_Evil(flag), buffer)
    return buffer.getvalue()


def _pickled_example(parts, flag):
    parts["archive/data/sample_inputs/model.pt"] = _evil(flag)


def _old_weights(parts, flag):
    parts["archive/data/weights/model.pt"] = _evil(flag)


def _pickled_weight(parts, flag):
    entries = json.loads(parts[WEIGHTS])
    next(iter(entries["config"].values()))["use_pickle"] = True
    parts[WEIGHTS] = json.dumps(entries).encode()
    parts["archive/data/weights/weight_0"] = _evil(flag)


def _object(parts, flag):
    parts["archive/data/constants/opaque_obj_0"] = pickle.dumps(_Evil(flag))


def _expression(parts, flag):
    code = f"__import__('os').mkdir('{flag}') or Symbol('s".encode()
    assert b"Symbol('s" in parts[PROGRAM]
    parts[PROGRAM] = parts[PROGRAM].replace(b"Symbol('s", code)


def _step(parts, flag):
    step = b"torch.ops.aten.sub.Tensor"
    assert step in parts[PROGRAM]
    parts[PROGRAM] = parts[PROGRAM].replace(step, b"torch.os.mkdir")


def _library(parts, flag):
    parts["archive/data/aotinductor/model/a.so"] = b"code"


def _name(parts, flag):
    program = json.loads(parts[PROGRAM])
    inputs = program["graph_module"]["graph"]["inputs"]
    inputs[0]["as_tensor"]["name"] = "x=print(1)"
    parts[PROGRAM] = json.dumps(program).encode()


def _empty_weight(parts, flag):
    parts["archive/data/weights/weight_0"] = b""


def _deep(parts, flag):
    parts["archive/extra/about.json"] = b"[" * 100_000


FORGED = [
    _pickled_example, _old_weights, _pickled_weight, _object, _expression,
    _step, _library, _name, _empty_weight, _deep,
]  # fmt: skip


@pytest.mark.parametrize("forge", FORGED, ids=lambda f: f.__name__)
def test_forged_file_is_refused_and_runs_nothing(path, tmp_path, forge):
    parts, flag = _parts(path), tmp_path / "code_ran"
    forge(parts, flag)
    forged = tmp_path / "forged.pt2"
    forged.write_bytes(_pack(parts))
    with pytest.raises(CheckpointError, match="not opened"):
        load_exported(forged)
    assert not flag.exists()


def test_code_in_guards_is_dropped(path, tmp_path):
    parts, flag = _parts(path), tmp_path / "code_ran"
    program = json.loads(parts[PROGRAM])
    program["guards_code"] = [f"__import__('os').mkdir('{flag}') is None"]
    parts[PROGRAM] = json.dumps(program).encode()
    forged = tmp_path / "forged.pt2"
    forged.write_bytes(_pack(parts))
    load_exported(forged).predict([[1.0]])
    assert not flag.exists()


def _checkpoint() -> bytes:
    buffer = io.BytesIO()
    torch.save({"epoch": 1}, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda good: b"", "empty"),
        (lambda good: b"<html>", "not an exported model"),
        (lambda good: good[:-100], "damaged"),
        (lambda good: good[: len(good) // 2], "damaged"),
        (lambda good: _checkpoint(), "is a checkpoint"),
        (lambda good: _pack({"a.txt": b"x"}), "not opened"),
        (lambda good: _pack({"archive/x": b"0" * 10**7}, 8), "damaged"),
    ],
)
def test_other_file_is_refused_in_a_sentence(path, tmp_path, content, said):
    other = tmp_path / "other.pt2"
    other.write_bytes(content(path.read_bytes()))
    with pytest.raises(CheckpointError, match=said):
        load_exported(other)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"There is no none\.pt2"):
        load_exported(tmp_path / "none.pt2")


def test_flipped_bit_never_changes_an_answer(path, model, tmp_path):
    good = path.read_bytes()
    expected = predict(model, [[0.34]])
    for place in range(0, len(good), 97):
        damaged = bytearray(good)
        damaged[place] ^= 4
        file = tmp_path / "damaged.pt2"
        file.write_bytes(damaged)
        try:
            exported = load_exported(file)
        except CheckpointError:
            continue
        assert torch.equal(exported.predict([[34.0]]), expected)


class _Branches(nn.Linear):
    def forward(self, x):
        return super().forward(x) if x.sum() > 0 else x


class _Sine(nn.Linear):
    def forward(self, x):
        return super().forward(x).sin()


@pytest.mark.parametrize(
    ("net", "features", "said"),
    [
        (_Branches(1, 1), [PERCENT], "could not be exported"),
        (_Sine(1, 1), [PERCENT], "OPERATIONS"),
        (nn.Linear(1, 2), [PERCENT], r"\[2, 2\]"),
        (nn.Linear(1, 1), [], "one feature"),
        (nn.Linear(1, 1), [Feature("a b", "", 0, 1)], "no name"),
        (nn.Linear(1, 1), [Feature("a", "", 1, 0)], "lowest"),
        (nn.Linear(1, 1), [Feature("a", "", 0, 1, scale=0)], "scale"),
    ],
)
def test_failed_export_leaves_the_older_file(tmp_path, net, features, said):
    file = tmp_path / "model.pt2"
    file.write_bytes(b"older")
    with pytest.raises(CheckpointError, match=said):
        export_model(file, net, features)
    assert file.read_bytes() == b"older"


def test_every_operation_is_one_of_torch():
    for name in model_file_checks.OPERATIONS:
        assert hasattr(torch.ops.aten, name), name


# ------------------------------------------------------------------- service


def test_service_agrees_with_the_model(client, model):
    rows = [{"x_percent": value} for value in (20, 34.0, 57)]
    answer = client.post("/predict", json={"rows": rows})
    assert answer.status_code == 200
    found = torch.tensor(answer.json()["y"]).reshape(-1, 1)
    assert torch.equal(found, predict(model, [[0.20], [0.34], [0.57]]))


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
        ('{"rows": [{"x_percent": "34"}]}', "rows[0].x_percent"),
        ('{"rows": [{"x_percent": true}]}', "rows[0].x_percent"),
        ('{"rows": [{"x_percent": null}]}', "rows[0].x_percent"),
        ('{"rows": [{"x_percent": 101}]}', "rows[0].x_percent"),
        (
            '{"rows": [{"x_percent": 1}, {"x_percent": -1}]}',
            "rows[1].x_percent",
        ),
        (json.dumps({"rows": [{"x_percent": 1}] * 1001}), "rows"),
        ("{}", "rows"),
        ("[]", "body"),
        ("{", "body"),
        ("", "body"),
    ],
)
def test_bad_input_gets_422_and_the_field(client, content, field):
    answer = client.post("/predict", content=content, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize(
    ("method", "place", "content", "status"),
    [
        ("GET", "/nothing", b"", 404),
        ("GET", "/predict", b"", 405),
        ("POST", "/predict", b"[" * 100_000, 400),
        ("POST", "/predict", b" " * (MAX_BYTES + 1), 413),
    ],
)
def test_other_errors_are_json(client, method, place, content, status):
    answer = client.request(method, place, content=content, headers=JSON)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_service_says_why_it_does_not_start(tmp_path):
    with pytest.raises(ServiceError, match=r"There is no none\.pt2"):
        start_service(tmp_path / "none.pt2")


def test_service_ends_with_a_failing_block(path):
    with pytest.raises(ZeroDivisionError), start_service(path) as service:
        raise ZeroDivisionError
    assert service.process.poll() is not None


@pytest.mark.skipif(sys.platform == "win32", reason="kills as Unix does")
def test_service_ends_when_its_starter_is_killed(path):
    code = (
        "import sys, time; from helpers.deployment.service import start_service; "
        "service = start_service(sys.argv[1]); "
        "print(service.process.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE
    )
    pid = int(starter.stdout.readline())
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    end = time.monotonic() + 10
    while time.monotonic() < end and _runs(pid):
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
