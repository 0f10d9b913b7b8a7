"""Open pages in a real JupyterLab, run all cells, and look: `make browser`.

    python tests/browser.py --out DIR [--dark] [page ...]

Exits with 1 if a cell that is not meant to fail does, or writes to stderr, or
if the keyboard alone cannot answer the quiz and open a hint. Saves screenshots
to DIR. Needs the package playwright and a Chromium, which `make browser` does
not install: on Debian, `apt install chromium`.
"""

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
TOKEN = "browser"
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
# The element that has the keyboard: its name, and whether a quiz holds it.
FOCUS = """() => {
  const element = document.activeElement;
  return [element.tagName, Boolean(element.closest('.course-quiz'))];
}"""
# Select the first cell whose text begins so, as the arrow keys would.
SELECT = """begins => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const cells = notebook.model.cells;
  for (let i = 0; i < cells.length; i++) {
    if (cells.get(i).sharedModel.getSource().startsWith(begins)) {
      notebook.activeCellIndex = i;
      notebook.mode = 'command';
      notebook.activate();
      return true;
    }
  }
  return false;
}"""
ANSWERS = """() => [...document.querySelectorAll('.course-quiz button')]
  .filter(button => /quiz-(right|wrong)/.test(button.className)).length"""
OPEN_FOLDS = """() => document.querySelectorAll(
  '.jp-MarkdownCell details[open]').length"""
SCROLL = """top => {
  const page = document.querySelector('.jp-WindowedPanel-outer');
  page.scrollTop = top;
  return page.scrollHeight;
}"""


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
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *arguments],
        cwd=ROOT,
        env={**os.environ, **{k: str(v) for k, v in private.items()}},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
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


def press_until(tab, key: str, arrived, patience: int = 6) -> bool:
    """Press a key until the focus is where it should be."""
    for _ in range(patience):
        tab.keyboard.press(key)
        if arrived(tab.evaluate(FOCUS)):
            return True
    return False


def try_keyboard(tab) -> list[str]:
    """Answer the quiz and open a hint with the keyboard alone."""
    faults = []
    if tab.evaluate(SELECT, "show_quiz("):
        time.sleep(1)  # the cell scrolls into sight
        for n_answered in (1, 2):
            if not press_until(tab, "Tab", lambda focus: focus[1]):
                faults.append("no option of the quiz is reached by Tab")
            tab.keyboard.press("Enter" if n_answered == 1 else "Space")
            time.sleep(0.7)
            if tab.evaluate(ANSWERS) != n_answered:
                faults.append("the keyboard does not choose an option")
    if tab.evaluate(SELECT, "<details><summary>Hint 1"):
        time.sleep(1)
        is_fold = lambda focus: focus[0] == "SUMMARY"  # noqa: E731
        if not press_until(tab, "Tab", is_fold):
            faults.append("no hint is reached by Tab")
        tab.keyboard.press("Enter")
        time.sleep(0.3)
        if tab.evaluate(OPEN_FOLDS) != 1:
            faults.append("the keyboard does not open a hint, or opens two")
    return faults


def run_page(browser, address: str, name: str, out: Path, dark: bool) -> list:
    """Run all cells of a page, take screenshots, return what went wrong."""
    tab = browser.new_page(viewport={"width": 1150, "height": 1300})
    tab.goto(f"{address}/lab/tree/notebooks/{name}?token={TOKEN}&reset")
    tab.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    tab.wait_for_function(
        "window.jupyterapp.shell.currentWidget"
        "?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    tab.evaluate(
        "async () => { await window.jupyterapp.commands"
        ".execute('notebook:run-all-cells'); }"
    )
    end = time.monotonic() + PATIENCE
    state = tab.evaluate(STATE)
    while (state["todo"] or not state["idle"]) and time.monotonic() < end:
        time.sleep(0.5)
        state = tab.evaluate(STATE)
    if state["todo"]:
        state["faults"].append(f"{state['todo']} cells did not run in time")
    state["faults"] += try_keyboard(tab)
    theme = "dark" if dark else "light"
    tab.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    top, number = 0, 0
    height = tab.evaluate(SCROLL, top)
    while top < height:
        height = tab.evaluate(SCROLL, top)
        time.sleep(1)  # cells are drawn when they come into sight
        shot = f"{Path(name).stem[:20]}_{theme}_{number:02d}.png"
        tab.screenshot(path=str(out / shot))
        top, number = top + 1150, number + 1
    tab.close()
    return state["faults"]


def main() -> int:
    """Run the pages named, or all; return how many had faults."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", help="as below notebooks/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dark", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("No Chromium here: install it, or add it to the path.")
        return 1
    notebooks = ROOT / "notebooks"
    every = sorted(
        path.relative_to(notebooks).as_posix()
        for path in notebooks.rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts
    )
    n_bad = 0
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        jupyterlab(Path(folder), options.dark) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium, args=FLAGS
        )
        for name in options.pages or every:
            faults = run_page(browser, address, name, options.out, options.dark)
            print(f"{name}: {'; '.join(faults) or 'as it should'}", flush=True)
            n_bad += bool(faults)
        browser.close()
    return int(n_bad > 0)


if __name__ == "__main__":
    sys.exit(main())
