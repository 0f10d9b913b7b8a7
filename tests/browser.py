"""Open pages in a real JupyterLab, run all cells, and look: `make browser`.

    python tests/browser.py --out DIR [--dark] [--width PIXELS] [page ...]

Each page is run from top to bottom, its quiz answered and a hint opened with
the keyboard alone, saved and closed. Then it is opened again twice: after its
kernel was shut down, and as a page that JupyterLab does not trust. Exits with 1
if a cell that is not meant to fail does or writes to stderr, if a quiz, a
figure, a difference, a verdict or a frame is not there, live or reopened, or if
the page or the server complains. Saves screenshots to DIR. The pages lie in a
copy; the repository's own are not touched.

Needs the package playwright and a Chromium, which `make browser` does not
install: on Debian, `apt install chromium`.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil
from browser_keyboard import try_keyboard
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
TOKEN = "browser"
HOOK = "helpers.page.saving.before_saving"
# What JupyterLab and TensorBoard themselves say on a good day.
LOUD = re.compile(r"Traceback|attempted to send|Error|\[(?:E|C|W) ")
QUIET = re.compile(
    "token|root user|not trusted|404 GET|websocket_ping|received signal"
)
NOISE = re.compile(
    "Three.js|favicon|sourcemap|ResizeObserver|Failed to load resource"
)
# What a challenge calls besides its checkers.
NO_VERDICT = "summary|tomorrow|alphabet"
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
# What is to be seen in the outputs, by kind. Cells out of sight are not drawn,
# so that this is asked at every stop of a walk through the page.
SEEN = """() => {
  const seen = {figures: [], quizzes: [], differences: [], verdicts: [],
                frames: [], broken: []};
  const cells = document.querySelectorAll('.jp-CodeCell');
  for (const cell of cells) {
    const index = cell.dataset.windowedListIndex ?? '?';
    for (const output of cell.querySelectorAll('.jp-OutputArea-output')) {
      const text = output.innerText || '';
      for (const img of output.querySelectorAll('img')) {
        const good = img.alt.length > 20 && img.naturalWidth > 0
          && img.naturalWidth >= 1.8 * img.clientWidth;
        // one step while a kernel runs, and all of them in the stored figure
        const stepped = img.closest('.course-steps')
          || / in \\d+ steps[.] 1[.] /.test(img.alt);
        const name = stepped ? 'steps' : img.alt.slice(0, 40);
        if (good) seen.figures.push(index + ':' + name);
        else seen.broken.push(index + ': ' + img.outerHTML.slice(0, 60));
      }
      if (output.querySelector('.course-quiz button, details summary')
          && /Question 1/.test(text)) seen.quizzes.push(index);
      if (/(Exercise|Task) \\S+ · .*: (solved|not started|not yet)/.test(text))
        seen.verdicts.push(index);
      const code = output.querySelector('pre code');
      if (code && / → /.test(text)) {
        const style = getComputedStyle(code);
        (/mono/i.test(style.fontFamily) ? seen.differences : seen.broken)
          .push(index);
      }
      for (const frame of output.querySelectorAll('iframe'))
        seen.frames.push(index + ':' + frame.title);
      if (/model not found|Error displaying|refused to connect/.test(text))
        seen.broken.push(index + ':' + text.slice(0, 60));
    }
  }
  return seen;
}"""
# Outputs of predictions, folded until their cell runs.
FOLDED = """() => document.querySelectorAll('.jp-OutputPlaceholder').length"""
SCROLL = """top => {
  const page = document.querySelector('.jp-WindowedPanel-outer');
  page.scrollTop = top;
  return page.scrollHeight;
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


def walk(tab, shots: Path | None) -> dict[str, set]:
    """Go through a page from top to bottom; return what was to be seen."""
    tab.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    seen: dict[str, set] = {}
    step = tab.viewport_size["height"] - 150
    top, number = 0, 0
    height = tab.evaluate(SCROLL, top)
    while top < height:
        height = tab.evaluate(SCROLL, top)
        time.sleep(0.8)  # cells are drawn when they come into sight
        for kind, found in tab.evaluate(SEEN).items():
            seen.setdefault(kind, set()).update(found)
        if shots is not None:
            tab.screenshot(path=f"{shots}_{number:02d}.png")
        top, number = top + step, number + 1
    return seen


def run_page(browser, address: str, name: str, shots: Path, size) -> tuple:
    """Run all cells of a page, use it, save it; return faults and sights."""
    tab, said = open_page(browser, address, name, size)
    wait_for_kernel(tab)
    time.sleep(3)  # cells far below are drawn when there is time
    n_folded = tab.evaluate(FOLDED)
    command(tab, "notebook:run-all-cells")
    end = time.monotonic() + PATIENCE
    state = tab.evaluate(STATE)
    while (state["todo"] or not state["idle"]) and time.monotonic() < end:
        time.sleep(0.5)
        state = tab.evaluate(STATE)
    faults = state["faults"]
    if state["todo"]:
        faults.append(f"{state['todo']} cells did not run in time")
    if tab.evaluate(FOLDED):
        faults.append("an output stays folded when its cell has run")
    faults += try_keyboard(tab)
    seen = walk(tab, shots)
    seen["folded"] = set(range(n_folded))
    command(tab, "docmanager:save")
    command(tab, "kernelmenu:shutdown")
    time.sleep(1)
    tab.close()
    return faults + said, seen


def reopen(browser, address: str, name: str, shots: Path, size) -> tuple:
    """Open a saved page and look, without running anything."""
    tab, said = open_page(browser, address, name, size)
    time.sleep(2)
    seen = walk(tab, shots)
    command(tab, "kernelmenu:shutdown")
    tab.close()
    return said, seen


def compare(live: dict, again: dict, when: str) -> list[str]:
    """Say what was there when the page ran and is not when it is reopened."""
    faults = [f"{when}, broken: {one}" for one in sorted(again["broken"])]
    for kind in ("figures", "quizzes", "differences", "verdicts"):
        lost = live[kind] - again[kind]
        if lost:
            faults.append(f"{when}, {len(lost)} {kind} lost: {min(lost)}")
    if again["frames"]:
        faults.append(f"{when}, a frame without its server")
    return faults


def expected_in(path: Path) -> dict[str, int]:
    """Count in the file of a page what has to be seen in the browser."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    outputs = [json.dumps(c.get("outputs", [])) for c in cells]
    return {
        "figures": sum(text.count("<img alt=") for text in outputs),
        "quizzes": sum("\nshow_quiz(" in text for text in code),
        "verdicts": sum(
            bool(re.search(rf"\ncheck\.(?!{NO_VERDICT})\w+\(", text))
            for text in code
        ),
        "differences": sum("show_difference(" in text for text in code),
        "folded": sum(
            "predict" in c["metadata"].get("tags", []) for c in cells
        ),
        "frames": sum(
            "%tensorboard" in text or "show_tensorboard(" in text
            for text in code
        ),
    }


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


def look_at(browser, address, root: Path, name: str, options) -> list[str]:
    """Run, save and reopen a page; return everything that is not right."""
    theme = "dark" if options.dark else "light"
    size = (options.width, options.height)
    shots = options.out / f"{Path(name).stem[:20]}_{theme}_{options.width}"
    path = root / "notebooks" / name
    wanted = expected_in(path)
    faults, live = run_page(browser, address, name, shots, size)
    for kind, number in wanted.items():
        if len(live[kind]) < number:
            faults.append(f"{len(live[kind])} of {number} {kind} to be seen")
    faults += [f"broken: {one}" for one in sorted(live["broken"])]
    said, again = reopen(browser, address, name, None, size)
    faults += said + compare(live, again, "reopened")
    # a changed file has no signature, and JupyterLab does not trust it
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metadata"]["opened"] = "elsewhere"
    stranger = path.with_name("untrusted.ipynb")
    stranger.write_text(json.dumps(content), encoding="utf-8")
    other = Path(name).with_name("untrusted.ipynb").as_posix()
    said, again = reopen(browser, address, other, f"{shots}_again", size)
    return faults + said + compare(live, again, "not trusted")


def main() -> int:
    """Run the pages named, or all; return how many had faults."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", help="as below notebooks/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--height", type=int, default=900)
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
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = copied(Path(folder))
        n_bad += run_pages(root, chromium, options, options.pages or every)
        time.sleep(3)
        left = left_behind(root)
        print(f"afterwards: {'; '.join(left) or 'nothing is left'}")
    return int(n_bad > 0 or bool(left))


def run_pages(root: Path, chromium: str, options, names) -> int:
    """Look at the pages, one after another; return how many had faults."""
    n_bad = 0
    with (
        jupyterlab(root, options.dark) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium, args=FLAGS
        )
        for name in names:
            faults = look_at(browser, address, root, name, options)
            print(f"{name}: {'; '.join(faults) or 'as it should'}", flush=True)
            n_bad += bool(faults)
        browser.close()
    return n_bad


if __name__ == "__main__":
    sys.exit(main())
