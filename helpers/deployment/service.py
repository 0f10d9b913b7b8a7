"""A prediction service: one exported model behind HTTP, for this machine only.

    python -m helpers.deployment.service runs/ch09/model.pt2 --port 8000

It listens on 127.0.0.1, in one process, and asks nobody who they are. To let
others ask, put it behind a server that does (a reverse proxy with TLS and a
login). `start_service` starts it from a page and ends it again.

Source: https://fastapi.tiangolo.com, https://uvicorn.dev
"""

import argparse
import contextlib
import json
import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import httpx
import torch
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.exceptions import HTTPException

from helpers.deployment.model_file import Exported, load_exported
from helpers.errors import CourseError, ServiceError
from helpers.paths import ROOT, display_path

MAX_ROWS = 1000  # in one request
MAX_BYTES = 1_000_000  # of one request
LOOPBACK = "127.0.0.1"  # reached from this machine only


# ---------------------------------------------------------------- answering


def create_app(path) -> FastAPI:
    """Build the service for one exported file.

    ``GET /`` tells names, units and ranges. ``POST /predict`` takes
    ``{"rows": [{"x_percent": 34.0}, ...]}``, with the names of the file, and
    answers ``{"y": [1.69, ...], "unit": ...}``. Whatever is wrong with a
    request comes back as ``{"error": a sentence, "field": its place}``, with
    status 422 for bad input.

    Args:
        path: a file that `helpers.deployment.model_file.export_model` wrote.

    Raises:
        CheckpointError: see `helpers.deployment.model_file.load_exported`.
    """
    exported = load_exported(path)
    # openapi.json describes the service; the page that draws it needs the web
    app = FastAPI(title="predictions", docs_url=None, redoc_url=None)
    app.add_middleware(_LimitBody)
    _answer_errors_in_sentences(app, exported)
    Question = _question(exported)

    @app.get("/")
    def about() -> dict:
        return {
            "features": [
                {
                    "name": feature.name,
                    "unit": feature.unit,
                    "lowest": feature.lowest,
                    "highest": feature.highest,
                }
                for feature in exported.features
            ],
            "output": {"name": exported.output, "unit": exported.output_unit},
        }

    @app.post("/predict")
    def predict(question: Question) -> dict:
        names = [feature.name for feature in exported.features]
        readings = [[getattr(r, n) for n in names] for r in question.rows]
        yhat = exported.predict(readings)  # [N, 1]
        return {
            exported.output: yhat.flatten().tolist(),
            "unit": exported.output_unit,
        }

    return app


def _question(exported: Exported) -> type[BaseModel]:
    """Make the form of a request from the features of the file."""
    # strict: the text "34" and the value true are no numbers
    numbers = {
        feature.name: Annotated[
            float,
            Field(
                strict=True,
                allow_inf_nan=False,
                ge=feature.lowest,
                le=feature.highest,
                description=feature.unit,
            ),
        ]
        for feature in exported.features
    }
    form = ConfigDict(extra="forbid", protected_namespaces=())
    Row = create_model("Row", __config__=form, **numbers)
    rows = Annotated[list[Row], Field(min_length=1, max_length=MAX_ROWS)]
    return create_model("Question", __config__=form, rows=rows)


def _answer_errors_in_sentences(app: FastAPI, exported: Exported) -> None:
    @app.exception_handler(RequestValidationError)
    async def bad_input(request: Request, error: RequestValidationError):
        field, sentence = _explain(error.errors()[0], exported)
        return _refuse(422, sentence, field)

    @app.exception_handler(HTTPException)
    async def bad_request(request: Request, error: HTTPException):
        sentences = {
            404: "There is nothing here. Ask GET / or POST /predict.",
            405: "Ask GET / what there is, and POST /predict for predictions.",
            413: f"A request may have {MAX_BYTES:,} bytes at most. Ask in "
            "parts.",
        }
        return _refuse(
            error.status_code, sentences.get(error.status_code, error.detail)
        )

    @app.exception_handler(Exception)
    async def our_fault(request: Request, error: Exception):
        return _refuse(500, "The service failed. Its terminal says more.")


def _refuse(status: int, sentence: str, field: str | None = None):
    answer = {"error": sentence}
    if field:
        answer["field"] = field
    return JSONResponse(answer, status_code=status)


def _explain(error: dict, exported: Exported) -> tuple[str, str]:
    """Say where in a request something is wrong, and what."""
    place = error["loc"][1:]  # without "body"
    field = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in place
    )
    field = field.lstrip(".")[:80] or "body"
    kind, found = error["type"], error.get("input")
    ranges = {
        feature.name: f"{feature.lowest:g} to {feature.highest:g} "
        f"{feature.unit}"
        for feature in exported.features
    }
    wanted = f"a number, {ranges.get(place[-1] if place else None)}"
    if kind == "json_invalid":
        return "body", "The body is not JSON."
    if kind == "missing":
        return field, f"{field} is missing."
    if kind == "extra_forbidden":
        known = ", ".join(ranges) if len(place) > 1 else "rows"
        return field, f"{field} is not known here; known is {known}."
    if kind in ("too_short", "too_long"):
        return field, (
            f"{field} should hold 1 to {MAX_ROWS} rows, and holds {len(found)}."
        )
    if kind == "list_type":
        wanted = "a list of rows"
    elif kind in ("model_attributes_type", "model_type", "dict_type"):
        wanted = "an object with names and values"
    return field, f"{field} should be {wanted}, and is {_shown(found)}."


def _shown(value) -> str:
    if isinstance(value, (dict, list)):
        return f"a {'list' if isinstance(value, list) else 'JSON object'}"
    if isinstance(value, bytes):
        return "not sent as application/json"
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:40] + "..."


class _LimitBody:
    """Refuse a request that is too long before it fills the memory."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        n_bytes = 0

        async def counted():
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > MAX_BYTES:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


# ---------------------------------------------------------------- serving


def main(arguments: list[str] | None = None) -> int:
    """Serve one exported file until Ctrl-C; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.deployment.service",
        description="Answer predictions over HTTP, on this machine only.",
    )
    parser.add_argument("file", type=Path, help="written by export_model")
    parser.add_argument(
        "--port", type=int, default=8000, help="0 takes any free port"
    )
    parser.add_argument(
        "--end-with-stdin",
        action="store_true",
        help="end when the program that started this one ends",
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        app = create_app(options.file)
        listening = _listen(options.port)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    if options.end_with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    port = listening.getsockname()[1]
    print(f"Serving {display_path(options.file)} on http://{LOOPBACK}:{port}")
    print("Ctrl-C ends it.", flush=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    return 0


def _listen(port: int) -> socket.socket:
    """Take the port before anything is printed: then the number is true."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two programs share it
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise ServiceError(
            f"Port {port} cannot be had "
            f"({getattr(error, 'strerror', None) or 'it should be 0 to 65535'}"
            "). Another program may use it: take --port 0 for any free one."
        ) from error
    listening.listen()
    return listening


def _end_with_stdin() -> None:
    """Wait until the other end of stdin is gone, and end with it.

    The system closes a pipe when the process that holds it dies, however it
    dies. So the service ends even if its page was killed.
    """
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    os._exit(0)  # at once: it holds nothing that could get lost


# ------------------------------------------------------- starting, ending


class Service:
    """A running service, started by `start_service`; a context manager.

    Attributes:
        url: where it answers, such as ``http://127.0.0.1:PORT``.
    """

    def __init__(self, process: subprocess.Popen, url: str):
        self.process, self.url = process, url

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, kind, error, traceback) -> None:
        self.stop()

    def stop(self) -> None:
        """End the service and wait until it has ended."""
        _end(self.process)


def start_service(path, wait: float = 60) -> Service:
    """Start the service in a process of its own, and wait until it answers.

    Use it in a ``with`` block, which ends it also when a line in the block
    fails. If this process is killed, the service ends by itself.

    Args:
        path: a file that `helpers.deployment.model_file.export_model` wrote.
        wait: seconds to give it.

    Raises:
        ServiceError: it did not start, and why.
    """
    command = [
        sys.executable,
        "-m",
        "helpers.deployment.service",
        Path(path).absolute(),
    ]
    process = subprocess.Popen(
        [*command, "--port", "0", "--end-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        cwd=ROOT,
    )
    try:
        end = time.monotonic() + wait
        url = _wait_for_url(process, end)
        _wait_for_answer(url, end)
    except BaseException:
        # also after Ctrl-C, which then goes on its way
        _end(process)
        raise
    return Service(process, url)


def _wait_for_url(process: subprocess.Popen, end: float) -> str:
    lines = queue.Queue()

    def read():
        # to the end of its life: a full pipe would stop the service
        with contextlib.suppress(ValueError):
            for line in process.stdout:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    said = []
    while True:
        try:
            line = lines.get(timeout=max(0.01, end - time.monotonic()))
        except queue.Empty:
            raise ServiceError(
                "The service did not start in time. Is this machine busy? "
                "Give it longer with wait=."
            ) from None
        if line is None:
            reason = said[-1].strip() if said else "it said nothing"
            raise ServiceError(f"The service did not start. {reason}")
        said.append(line)
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]


def _wait_for_answer(url: str, end: float) -> None:
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            # trust_env: no proxy of this machine may stand in between
            if httpx.get(url, timeout=5, trust_env=False).is_success:
                return
        time.sleep(0.05)
    raise ServiceError("The service started, and does not answer.")


def _end(process: subprocess.Popen) -> None:
    # closing its stdin is what it ends with; the rest is for a hung one
    for ask_to_end in (process.stdin.close, process.terminate, process.kill):
        with contextlib.suppress(OSError):
            ask_to_end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
            break
    # the thread that reads its output sees the end and closes the pipe


if __name__ == "__main__":
    sys.exit(main())
