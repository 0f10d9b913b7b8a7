"""A JupyterLab with folders of its own, and what a reader does in it."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parents[2]
TOKEN = "browser"
HOOK = "helpers.page.saving.before_saving"
# What JupyterLab and TensorBoard themselves say on a good day.
LOUD = re.compile(r"Traceback|attempted to send|Error|\[(?:E|C|W) ")
QUIET = re.compile(
    "token|root user|not trusted|404 GET|websocket_ping|received signal"
    # the folder was listed in the moment in which a page was saved
    r"|/\.~\S+\.ipynb doesn't exist"
)
NOISE = re.compile(
    "Three.js|favicon|sourcemap|ResizeObserver|Failed to load resource"
    # a kernel was shut down before JupyterLab had asked for its debugger
    "|Could not restore the debugger state"
)

PATIENCE = 120  # seconds for a page to run
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# What the page has run so far, and what went wrong in cells not meant to fail.
STATE = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = panel.content.model.cells;
  let todo = 0; const faults = [];
  for (let i = 0; i < cells.length; i++) {
    const cell = cells.get(i);
    if (cell.type !== 'code') continue;
    if (!cell.executionCount) todo += 1;
    const tags = cell.getMetadata('tags') || [];
    for (let j = 0; j < cell.outputs.length; j++) {
      const output = cell.outputs.get(j).toJSON();
      const meant = tags.includes('raises-exception');
      if (output.output_type === 'error' && !meant)
        faults.push(output.ename + ': ' + output.evalue);
      if (output.name === 'stderr') faults.push('stderr: ' + output.text);
    }
  }
  const kernel = panel.sessionContext.session?.kernel?.status;
  return {todo, faults, idle: kernel === 'idle'};
}"""


def copied(folder: Path) -> Path:
    """Copy the pages, which are saved here; return the folder above them."""
    root = folder / "course"
    shutil.copytree(
        ROOT / "notebooks",
        root / "notebooks",
        ignore=shutil.ignore_patterns(".ipynb_checkpoints"),
    )
    return root


@contextlib.contextmanager
def jupyterlab(folder: Path, dark: bool):
    """Run a JupyterLab with folders of its own; give its address."""
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    theme = "JupyterLab Dark" if dark else "JupyterLab Light"
    for name, value in (
        ("notification", {"fetchNews": "false", "checkForUpdates": False}),
        ("themes", {"theme": theme}),
    ):
        file = settings / f"{name}.jupyterlab-settings"
        file.write_text(json.dumps(value), encoding="utf-8")
    private = {
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "TMPDIR": folder,
        "TRAINING_LOOP_RUNS": folder / "runs",
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [
        f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1",
        f"--IdentityProvider.token={TOKEN}",
        "--LabApp.expose_app_in_browser=True",
        "--no-browser",
        f"--ContentsManager.pre_save_hook={HOOK}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    log = folder / "server.log"
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *arguments],
        cwd=folder,
        env={**os.environ, **{k: str(v) for k, v in private.items()}},
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(100):
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"{address}/api", timeout=5)
                break
            time.sleep(0.2)
        yield address
    finally:
        for process in [*psutil.Process(server.pid).children(True), server]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        server.wait(timeout=20)


def open_page(browser, address: str, name: str, size) -> tuple:
    """Open a page; return its tab, and the list that takes its complaints."""
    tab = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, device_scale_factor=1
    )
    said: list[str] = []
    tab.on("pageerror", lambda error: said.append(f"page error: {error}"))
    tab.on(
        "console",
        lambda message: (
            said.append(f"console: {message.text[:100]}")
            if message.type == "error" and not NOISE.search(message.text)
            else None
        ),
    )
    tab.goto(f"{address}/lab/tree/notebooks/{name}?token={TOKEN}&reset")
    tab.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    return tab, said


def wait_for_kernel(tab) -> None:
    tab.wait_for_function(
        "window.jupyterapp.shell.currentWidget"
        "?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=60_000,
    )


def command(tab, name: str) -> None:
    tab.evaluate(
        "async name => { await window.jupyterapp.commands.execute(name); }",
        name,
    )


def run_all(tab) -> list[str]:
    """Run every cell of a page; return what failed or did not end."""
    wait_for_kernel(tab)
    time.sleep(3)  # cells far below are drawn when there is time
    command(tab, "notebook:run-all-cells")
    end = time.monotonic() + PATIENCE
    state = tab.evaluate(STATE)
    while (state["todo"] or not state["idle"]) and time.monotonic() < end:
        time.sleep(0.5)
        state = tab.evaluate(STATE)
    faults = state["faults"]
    if state["todo"]:
        faults.append(f"{state['todo']} cells did not run in time")
    return faults


def left_behind(folder: Path) -> list[str]:
    """Say what runs on, or was printed in the terminal, after the last page."""
    log = (folder / "server.log").read_text(encoding="utf-8")
    faults = [
        f"in the terminal: {line[:100]}"
        for line in log.splitlines()
        if LOUD.search(line) and not QUIET.search(line)
    ]
    for process in psutil.process_iter(["pid", "cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command and process.pid != os.getpid():
            faults.append(f"still running: {command[:100]}")
    return faults
