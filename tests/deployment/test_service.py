"""The service on its port: the answers of the model, refusals, its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest
import torch

from helpers.deployment import connection, service
from helpers.deployment.answers import MAX_BYTES, Answers
from helpers.deployment.model_file import (
    export_model,
    load_exported,
    predict,
)
from helpers.deployment.service import Service, main, start_service
from helpers.errors import ModelFileError, ServiceError
from tests.deployment.models import (
    DIGITS,
    IMAGE,
    PERCENT,
    make_image_net,
    make_net,
)

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "model.pt2"
    export_model(path, make_net(), [PERCENT])
    return path


@pytest.fixture(scope="module")
def running(path):
    with start_service(path) as running:
        yield running


@pytest.fixture(scope="module")
def client(running):
    with httpx.Client(base_url=running.url, trust_env=False) as client:
        yield client


def test_service_agrees_with_the_model(client):
    rows = [{"x_percent": value} for value in (20, 34.0, 57)]
    answer = client.post("/predict", json={"rows": rows})
    assert answer.status_code == 200
    found = torch.tensor(answer.json()["y"]).reshape(-1, 1)
    assert torch.equal(found, predict(make_net(), [[0.20], [0.34], [0.57]]))


def test_images_are_served_with_their_classes(tmp_path):
    file, net = tmp_path / "model.pt2", make_image_net()
    export_model(file, net, IMAGE, "digit", class_names=DIGITS)
    images = 16 * torch.rand(3, 1, 8, 8)
    rows = [{"image": image.tolist()} for image in images]
    with start_service(file) as running:
        answer = httpx.post(
            f"{running.url}/predict", json={"rows": rows}, trust_env=False
        ).json()
    logits = predict(net, images / 16)
    assert answer["digit"] == [DIGITS[i] for i in logits.argmax(1)]
    found = [list(row.values()) for row in answer["probabilities"]]
    expected = logits.double().softmax(1)
    assert torch.equal(torch.tensor(found, dtype=torch.float64), expected)


@pytest.mark.parametrize(
    ("method", "place", "content"),
    [
        ("GET", "/", b""),
        ("POST", "/predict", b'{"rows": [{"x_percent": 1}]}'),
        ("POST", "/predict", b'{"rows": [{"x_percent": 140}]}'),
        ("POST", "/predict", b'{"rows": [{"x_percent": NaN}]}'),
        ("POST", "/predict", b'{"rows": [], "rows": []}'),
        ("POST", "/predict", b'{"\\ud800": 1, "\\ud800": 2}'),
        ("POST", "/predict", b"{"),
        ("POST", "/predict", b"[" * 100_000),
        ("POST", "/predict", b" " * (MAX_BYTES + 1)),
        ("POST", "/predict/", b"{}"),
        ("GET", "/nothing", b""),
        ("GET", "/docs", b""),
        ("GET", "/predict", b""),
        ("PUT", "/", b""),
    ],
)
def test_the_port_answers_as_answers_do(client, path, method, place, content):
    answers = Answers(load_exported(path))
    expected = answers.respond(method, place, content)
    found = client.request(method, place, content=content, headers=JSON)
    assert (found.status_code, found.json()) == expected
    assert found.headers["content-type"] == "application/json"


def test_openapi_describes_the_form(client):
    schema = json.dumps(client.get("/openapi.json").json())
    assert "x_percent" in schema and '"maximum": 100' in schema


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:1", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("evil.com", 400),
        ("127.0.0.1.evil.com", 400),
        ("evil.com:127.0.0.1", 400),
        ("[", 400),
        ("", 400),
    ],
)
def test_only_names_of_this_machine_are_answered(client, host, status):
    found = client.get("/", headers={"host": host})
    assert found.status_code == status
    assert ("error" in found.json()) == (status != 200)


def send(running, content: bytes) -> bytes:
    """Send bytes and read until the service closes the connection."""
    address = ("127.0.0.1", urlsplit(running.url).port)
    with socket.create_connection(address, timeout=10) as link:
        link.sendall(content)
        parts = []
        while part := link.recv(10_000):
            parts.append(part)
        return b"".join(parts)


def test_what_is_not_http_is_refused_in_json(running):
    head, body = send(running, b"nonsense\r\n\r\n").split(b"\r\n\r\n")
    assert b"400 Bad Request" in head
    assert json.loads(body) == {"error": "This is not a request in HTTP."}


HEAD = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n"


@pytest.mark.parametrize("content", [b"", b"GET / HT", HEAD, HEAD + b"{"])
def test_slow_clients_are_sent_away(running, monkeypatch, content):
    monkeypatch.setattr(connection, "MAX_SECONDS", 0.2)
    head, body = send(running, content).split(b"\r\n\r\n")
    assert b"408 Request Timeout" in head
    assert "0.2 seconds" in json.loads(body)["error"]


def test_time_between_requests_is_not_counted(running, monkeypatch):
    monkeypatch.setattr(connection, "MAX_SECONDS", 0.2)
    address = ("127.0.0.1", urlsplit(running.url).port)
    with socket.create_connection(address, timeout=10) as link:
        for _ in range(2):
            link.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            time.sleep(0.5)
            assert link.recv(10_000).startswith(b"HTTP/1.1 200 OK")


def test_clients_that_leave_do_no_harm(running, client, caplog):
    address = ("127.0.0.1", urlsplit(running.url).port)
    for _ in range(20):
        with socket.create_connection(address) as link:
            link.sendall(HEAD + b"{")
    assert client.get("/").status_code == 200
    assert not caplog.records


def test_many_clients_at_once_get_their_own_answers(running):
    found = {}

    def ask(value):
        rows = {"rows": [{"x_percent": value}]}
        url = f"{running.url}/predict"
        answer = httpx.post(url, json=rows, trust_env=False, timeout=20)
        found[value] = answer.json()["y"]

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    net = make_net()
    expected = {i: predict(net, [[i / 100]])[0].tolist() for i in range(20)}
    for i in range(20):
        assert found[i] == pytest.approx(expected[i], abs=1e-6)


def test_a_fault_of_ours_is_a_sentence_too(path, monkeypatch):
    def fail(self):
        raise ZeroDivisionError

    monkeypatch.setattr(Answers, "about", fail)
    with start_service(path) as running:
        found = httpx.get(running.url, trust_env=False)
    assert found.status_code == 500
    assert "terminal" in found.json()["error"]


# ------------------------------------------------------------- start and end


def test_service_says_why_it_does_not_start(tmp_path):
    with pytest.raises(ModelFileError, match=r"There is no none\.pt2"):
        start_service(tmp_path / "none.pt2")


def test_a_server_that_ends_at_its_start_is_an_error(path, monkeypatch):
    monkeypatch.setattr(service.uvicorn.Server, "run", lambda *given: None)
    with pytest.raises(ServiceError, match="while it started"):
        start_service(path)


def test_service_ends_with_a_failing_block(path):
    with pytest.raises(ZeroDivisionError), start_service(path) as running:
        assert running.is_running
        raise ZeroDivisionError
    assert not running.is_running
    with pytest.raises(httpx.ConnectError):
        httpx.get(running.url, trust_env=False)


def test_service_ends_at_once_whoever_is_connected(path):
    with start_service(path) as running:
        address = ("127.0.0.1", urlsplit(running.url).port)
        idle, slow = (socket.create_connection(address) for _ in range(2))
        slow.sendall(HEAD + b"{")
        httpx.get(running.url, trust_env=False)
        start = time.monotonic()
    assert time.monotonic() - start < 8
    assert not running.is_running
    idle.close()
    slow.close()


def test_services_do_not_share_a_port(path):
    with start_service(path) as first, start_service(path) as second:
        assert first.url != second.url
        port = urlsplit(first.url).port
        with pytest.raises(ServiceError, match=f"{port} is not available"):
            Service(service.create_app(path), port)


@pytest.mark.skipif(sys.platform == "win32", reason="kills as Unix does")
def test_service_dies_with_its_process(path):
    code = (
        "import sys, time\n"
        "from helpers.deployment.service import start_service\n"
        "service = start_service(sys.argv[1])\n"
        "print(service.url, flush=True)\n"
        "time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    url = starter.stdout.readline().strip()
    assert httpx.get(url, trust_env=False).status_code == 200
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


# ---------------------------------------------------------------- the command


@pytest.mark.skipif(sys.platform == "win32", reason="signals as in Unix")
def test_the_command_serves_until_ctrl_c(path):
    # a shell that starts tests in the background would ignore Ctrl-C
    code = (
        "import signal, sys\n"
        "from helpers.deployment.service import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    assert line.startswith("Serving model.pt2 on http://127.0.0.1:")
    url = line.split()[-1]
    assert httpx.get(url, trust_env=False).status_code == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    assert process.communicate()[1] == ""


def test_the_command_says_where_it_serves_and_ends(path, monkeypatch, capsys):
    seen = []

    def wait(running):
        seen.append(running)
        assert httpx.get(running.url, trust_env=False).status_code == 200
        raise KeyboardInterrupt

    monkeypatch.setattr(Service, "wait", wait)
    assert main([str(path), "--port", "0"]) == 0
    assert not seen[0].is_running
    said = f"Serving model.pt2 on {seen[0].url}\nCtrl-C ends it.\n"
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["none.pt2"], "There is no"), (["--port", "99999"], "0 to 65535")],
)
def test_the_command_says_what_is_wrong(path, capsys, arguments, said):
    given = arguments if "none.pt2" in arguments else [str(path), *arguments]
    assert main(given) == 1
    assert said in capsys.readouterr().err
