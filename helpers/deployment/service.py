"""A prediction service: one exported model over HTTP, for this machine only.

    python -m helpers serve runs/ch09/model.pt2 --port 8000

It listens on 127.0.0.1, in one process, and requires no login. To let
others use it, put it behind a server that does (a reverse proxy with TLS and a
login). `start_service` starts it in a thread of a page and ends it again.

Source: https://fastapi.tiangolo.com, https://uvicorn.dev
"""

import argparse
import contextlib
import json
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from helpers.deployment.answers import (
    MAX_BYTES,
    NO_SUCH_METHOD,
    NOT_HERE,
    TOO_LONG,
    Answers,
    Refused,
)
from helpers.deployment.connection import Connection
from helpers.deployment.model_file import load_exported
from helpers.errors import CourseError, ServiceError
from helpers.paths import display_path

LOOPBACK = "127.0.0.1"  # reached from this machine only
HOSTS = {LOOPBACK, "localhost", "::1"}  # names by which a client may call it
SENTENCES = {
    404: NOT_HERE,
    405: NO_SUCH_METHOD,
    408: "The client left before its request was complete.",
    413: TOO_LONG,
}


# ---------------------------------------------------------------- answering


def create_app(path: Any) -> FastAPI:
    """Build the service for one exported file.

    What it answers is said by `helpers.deployment.answers.Answers`. Whatever
    is wrong with a request comes back as ``{"error": a sentence, "field": its
    place}``, with status 422 for bad input.

    Args:
        path: a file that `helpers.deployment.model_file.export_model` wrote.

    Raises:
        ModelFileError: see `helpers.deployment.model_file.load_exported`.
    """
    answers = Answers(load_exported(path))
    # openapi.json describes the service; the page that draws it needs the web
    app = FastAPI(
        title="predictions",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(Door)
    _answer_errors_in_sentences(app)
    form = {"schema": answers.form.model_json_schema()}
    body = {"required": True, "content": {"application/json": form}}

    @app.get("/")
    def about() -> Response:
        return _reply(200, answers.about())

    @app.post("/predict", openapi_extra={"requestBody": body})
    async def predict(request: Request) -> Response:
        content_type = request.headers.get("content-type", "")
        content = await request.body()
        # in a thread: other clients are served while the model computes
        found = await run_in_threadpool(answers.predict, content, content_type)
        return _reply(200, found)

    return app


def _answer_errors_in_sentences(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return _reply(error.status, error.content())

    async def bad_request(request: Request, error: Any) -> Response:
        return _reply(
            error.status_code, {"error": SENTENCES[error.status_code]}
        )

    for status in SENTENCES:
        app.add_exception_handler(status, bad_request)

    @app.exception_handler(Exception)
    async def our_fault(request: Request, error: Exception) -> Response:
        sentence = "The service failed. Its terminal says more."
        return _reply(500, {"error": sentence})


def _reply(status: int, content: dict[str, Any]) -> Response:
    # in ASCII: a request may hold half a character, and have it sent back
    text = json.dumps(content, allow_nan=False)
    return Response(text, status, media_type="application/json")


class Door:
    """Refuse calls by a foreign name, and requests that are too long.

    A page on the web can give its own name the address of this machine, and
    a browser would then let it read our answers. It cannot hide that name.
    """

    def __init__(self, app: Any):
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request pass, or refuse it."""
        headers = dict(scope.get("headers", ()))
        host = headers.get(b"host", b"").decode("latin-1")
        if scope["type"] == "http" and not _is_ours(host):
            sentence = f"Call this service by its address, {LOOPBACK}."
            await _reply(400, {"error": sentence})(scope, receive, send)
            return
        n_bytes = 0

        async def counted() -> Any:
            nonlocal n_bytes
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HTTPException(408)
            n_bytes += len(message.get("body", b""))
            if n_bytes > MAX_BYTES:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


def _is_ours(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in HOSTS
    except ValueError:
        return False


# ------------------------------------------------------------------ serving


class Service:
    """A running service, in a thread; a context manager.

    It ends with its ``with`` block, with `stop`, or with this process.

    Args:
        app: what it answers.
        port: 0 takes any free one.

    Attributes:
        url: where it answers, such as ``http://127.0.0.1:PORT``.

    Raises:
        ServiceError: the port is not available.
    """

    def __init__(self, app: FastAPI, port: int = 0):
        self._socket = _listen(port)
        self.url = f"http://{LOOPBACK}:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(_settings(app))
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), daemon=True
        )
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise ServiceError(
                    "The service ended while it started. The lines above say "
                    "why."
                )
            time.sleep(0.01)

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive()

    def wait(self) -> None:
        """Wait until the service has ended, or for Ctrl-C."""
        while self.is_running:
            self._thread.join(
                timeout=0.5
            )  # without one, Windows hears no Ctrl-C

    def stop(self) -> None:
        """End the service and wait until it has ended."""
        self._server.should_exit = True
        self._thread.join(timeout=10)


def start_service(path: Any) -> Service:
    """Start the service in a thread of this process, on a free port.

    Use it in a ``with`` block, which ends it also when a line in the block
    fails. It never outlives this process.

    Args:
        path: a file that `helpers.deployment.model_file.export_model` wrote.

    Raises:
        ModelFileError: the file cannot be served.
    """
    return Service(create_app(path))


def _settings(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


def _listen(port: int) -> socket.socket:
    """Take the port before anything else: clients may connect from now on."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two programs share it
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or "it should be 0 to 65535"
        raise ServiceError(
            f"Port {port} is not available ({reason}). Another program may use "
            "it: --port 0 takes any free one."
        ) from error
    listening.listen()
    return listening


def main(arguments: list[str] | None = None) -> int:
    """Serve one exported file until Ctrl-C; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers serve",
        description="Answer predictions over HTTP, on this machine only.",
    )
    parser.add_argument("file", type=Path, help="written by export_model")
    parser.add_argument(
        "--port", type=int, default=8000, help="0 takes any free port"
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        service = Service(create_app(options.file), options.port)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Serving {display_path(options.file)} on {service.url}")
    print("Ctrl-C ends it.", flush=True)
    with service, contextlib.suppress(KeyboardInterrupt):
        service.wait()
    return 0
