"""Whole pages: run from top to bottom, used, saved, and opened again."""

import json
import time
from pathlib import Path

from tests.browser import axe
from tests.browser.keyboard import try_keyboard
from tests.browser.lab import (
    command,
    open_page,
    run_all,
    wait_for_kernel,
)
from tests.browser.looking import FOLDED, SHOW, expected_in, walk


def run_page(browser, address: str, name: str, shots: Path, size) -> tuple:
    """Run all cells of a page, use it, save it; return faults and sights."""
    tab, said = open_page(browser, address, name, size)
    wait_for_kernel(tab)
    n_folded = tab.evaluate(FOLDED)
    faults = run_all(tab)
    if tab.evaluate(FOLDED):
        faults.append("an output stays folded when its cell has run")
    faults += try_keyboard(tab)
    seen = walk(tab, shots)
    if seen["quizzes"] | seen["folds"]:
        tab.evaluate(SHOW, max(seen["quizzes"] or seen["folds"]))
        time.sleep(1)
        faults += axe.judge(tab, axe.PARTS, "accessibility")
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
