"""What is to be seen on a page, and what its file promises."""

import json
import re
import time
from pathlib import Path

# What a challenge calls besides its checkers.
NO_VERDICT = "summary|tomorrow|alphabet"
# What is to be seen in the outputs, by kind. Cells out of sight are not drawn,
# so that this is asked at every stop of a walk through the page.
SEEN = """() => {
  const seen = {figures: [], quizzes: [], differences: [], verdicts: [],
                folds: [], frames: [], broken: []};
  const cells = document.querySelectorAll('.jp-CodeCell');
  for (const cell of cells) {
    const index = cell.dataset.windowedListIndex ?? '?';
    for (const output of cell.querySelectorAll('.jp-OutputArea-output')) {
      const text = output.innerText || '';
      for (const img of output.querySelectorAll('img')) {
        const good = img.alt.length > 20 && img.naturalWidth > 0
          && img.naturalWidth >= 1.8 * img.clientWidth;
        const name = img.alt.slice(0, 40);
        if (good) seen.figures.push(index + ':' + name);
        else seen.broken.push(index + ': ' + img.outerHTML.slice(0, 60));
      }
      if (output.querySelector('.course-quiz button, details summary')
          && /Question 1/.test(text)) seen.quizzes.push(index);
      if (/(Exercise|Task) \\S+ · .*: (solved|not started|not yet)/.test(text))
        seen.verdicts.push(index);
      if (output.querySelector('details')) seen.folds.push(index);
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
FOLDED = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.outputHidden).length"""
# Scroll to a cell, by its number, so that it is drawn.
SHOW = """number => window.jupyterapp.shell.currentWidget.content
  .scrollToItem(Number(number), 'center')"""
SCROLL = """top => {
  const page = document.querySelector('.jp-WindowedPanel-outer');
  page.scrollTop = top;
  return page.scrollHeight;
}"""


def walk(tab, shots: Path | None) -> dict[str, set]:
    """Go through a page from top to bottom; return what was to be seen."""
    tab.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    seen: dict[str, set] = {kind: set() for kind in tab.evaluate(SEEN)}
    step = tab.viewport_size["height"] - 150
    top, number = 0, 0
    height = tab.evaluate(SCROLL, top)
    if not height:
        seen["broken"].add("another page is in front of this one")
        if shots is not None:
            tab.screenshot(path=f"{shots}_hidden.png")
    while top < height:
        height = tab.evaluate(SCROLL, top)
        time.sleep(0.8)  # cells are drawn when they come into sight
        for kind, found in tab.evaluate(SEEN).items():
            seen[kind].update(found)
        if shots is not None:
            tab.screenshot(path=f"{shots}_{number:02d}.png")
        top, number = top + step, number + 1
    return seen


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
