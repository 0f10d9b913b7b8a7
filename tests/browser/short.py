"""A reader's way through the course, in about two minutes."""

import time
from pathlib import Path

from tests.browser import axe
from tests.browser.keyboard import SELECT, try_keyboard
from tests.browser.lab import command, open_page, run_all, wait_for_kernel
from tests.browser.looking import walk

WIDE, NARROW = (1440, 900), (1024, 768)
START = "00_start_here.ipynb"
LOADERS = "03_dataloader.ipynb"
BOARD = "06_tensorboard.ipynb"
WRONG = """def count_updates(n_points, batch_size, drop_last, n_epochs):
    return n_epochs * (n_points // batch_size)"""
RIGHT = """def count_updates(n_points, batch_size, drop_last, n_epochs):
    n_full, n_rest = divmod(n_points, batch_size)
    return n_epochs * (n_full + (n_rest > 0 and not drop_last))"""
# Write an answer into the first cell that starts with a text, and run that cell
# and the one below it, which checks the answer.
ANSWER = """async ([start, answer]) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const cells = notebook.model.cells;
  for (let i = 0; i < cells.length; i++) {
    const source = cells.get(i).sharedModel;
    if (!source.getSource().startsWith(start)) continue;
    source.setSource(answer);
    notebook.activeCellIndex = i;
    for (let k = 0; k < 2; k++)
      await window.jupyterapp.commands.execute(
        'notebook:run-cell-and-select-next');
    return true;
  }
  return false;
}"""
VERDICT = """number => [...document.querySelectorAll('.jp-OutputArea-output')]
  .map(output => output.innerText)
  .find(text => text.includes('Exercise ' + number + ' ·')) ?? 'nothing'"""
# Whether a heading is to be seen on the page that JupyterLab shows.
IN_SIGHT = """name => {
  const page = window.jupyterapp.shell.currentWidget.node;
  return [...page.querySelectorAll('.jp-MarkdownOutput h3')].some(heading => {
    const {top, height} = heading.getBoundingClientRect();
    return heading.innerText.replace('¶', '').trim() === name
      && height > 0 && top > 0 && top < window.innerHeight - 100;
  });
}"""
# Run the cell whose curve grows once more, slower, as another run.
GROW = """async () => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const cells = notebook.model.cells;
  for (let i = 0; i < cells.length; i++) {
    const source = cells.get(i).sharedModel;
    const code = source.getSource();
    if (!code.includes('"ch06/growing"')) continue;
    source.setSource(code.replaceAll('growing', 'again')
      .replace('pause = 0.1', 'pause = 0.4'));
    notebook.activeCellIndex = i;
    window.jupyterapp.commands.execute('notebook:run-cell');
    return true;
  }
  return false;
}"""
# The step that the table below a chart of TensorBoard shows for that run.
STEP = """() => {
  for (const row of document.querySelectorAll('tb-data-table-content-row')) {
    const cells = [...row.querySelectorAll('tb-data-table-content-cell')]
      .map(cell => cell.textContent.trim());
    const step = cells.find(text => /^\\d+$/.test(text));
    if (cells.includes('again') && step) return Number(step);
  }
  return -1;
}"""
# The address that the page prints.
ADDRESS = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.model.cells;
  for (let i = 0; i < cells.length; i++)
    for (let j = 0; j < (cells.get(i).outputs?.length ?? 0); j++) {
      const text = cells.get(i).outputs.get(j).toJSON().text ?? '';
      const found = String(text).match(/http:\\/\\/localhost:\\d+/);
      if (found) return found[0];
    }
}"""
# The page that JupyterLab shows.
SHOWN = "() => window.jupyterapp.shell.currentWidget?.context?.path ?? ''"


def change_theme(tab, name: str) -> None:
    tab.evaluate(
        "async theme => { await window.jupyterapp.commands.execute("
        "'apputils:change-theme', {theme}); }",
        f"JupyterLab {name}",
    )
    time.sleep(1.5)


def in_both_themes(tab, shots: Path) -> list[str]:
    """Look at a page in both themes and at two widths; return the faults."""
    faults = []
    for theme, size in (("Light", WIDE), ("Dark", NARROW)):
        tab.set_viewport_size({"width": size[0], "height": size[1]})
        change_theme(tab, theme)
        where = f"{theme.lower()}, {size[0]} pixels"
        seen = walk(tab, Path(f"{shots}_{theme.lower()}_{size[0]}"))
        faults += [f"{where}, broken: {one}" for one in sorted(seen["broken"])]
        if tab.evaluate(SELECT, "show_quiz("):
            time.sleep(1)
        faults += axe.judge(tab, axe.PARTS, where)
    change_theme(tab, "Light")
    tab.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    return faults


def go_on(tab) -> list[str]:
    """Follow the navigation line to the next page; return what went wrong."""
    before = tab.evaluate(SHOWN)
    tab.evaluate(SELECT, "[A map of the loop](")
    time.sleep(1)
    tab.locator(".jp-MarkdownOutput a", has_text="→").first.click()
    for _ in range(60):
        if tab.evaluate(SHOWN) not in ("", before):
            return []
        time.sleep(0.5)
    return [f"the link to the next page of {before} opens no page"]


def look_up(tab, term: str) -> list[str]:
    """Follow the link of a term into the glossary, which is not open yet."""
    tab.evaluate(SELECT, "**New terms:**")
    time.sleep(1)
    tab.get_by_role("link", name=term, exact=True).first.click()
    for _ in range(60):
        if tab.evaluate(IN_SIGHT, term):
            return []
        time.sleep(0.5)
    return [f"the link of {term!r} does not lead to it in the glossary"]


def try_moving(tab) -> list[str]:
    """Choose a step of a picture that moves, by mouse and by arrow key."""
    tab.evaluate(SELECT, "course-moving")
    time.sleep(1)
    inputs = tab.locator(".course-moving input[type=radio]")
    picture = tab.locator(".course-moving").first
    if not inputs.count():
        return ["no picture that moves is to be seen"]
    faults = []
    inputs.first.check(force=True)
    for key in ("ArrowRight", "ArrowRight"):
        before = picture.screenshot()
        tab.keyboard.press(key)
        time.sleep(0.5)
        if picture.screenshot() == before:
            faults.append(f"{key} does not move the picture on")
    return faults


def verdict_of(tab, what: str, word: str) -> list[str]:
    """Return a fault unless the verdict on exercise 03.2 gets the word."""
    for _ in range(40):
        time.sleep(0.5)
        found = tab.evaluate(VERDICT, "03.2")
        if word in found.splitlines()[0]:
            return []
    return [f"{what} 03.2 is not {word!r}: {found[:80]!r}"]


def answer(tab, source: str, word: str) -> list[str]:
    """Answer exercise 03.2; return a fault unless the verdict has the word."""
    tab.evaluate(ANSWER, ["def count_updates(", source])
    return verdict_of(tab, "exercise", word)


def first_page(browser, address: str, shots: Path) -> list[str]:
    """Run the start page, go on to the next, and look up a term there."""
    tab, said = open_page(browser, address, START, WIDE)
    faults = run_all(tab)
    walk(tab, shots / "start")
    faults += go_on(tab)
    time.sleep(3)
    faults += look_up(tab, "higher-order function")
    command(tab, "kernelmenu:shutdown")
    tab.close()
    return faults + said


def page_of_exercises(browser, address: str, shots: Path) -> list[str]:
    """Quiz, exercise, themes; saved, closed and opened again."""
    tab, said = open_page(browser, address, LOADERS, WIDE)
    faults = run_all(tab)
    faults += try_keyboard(tab) + try_moving(tab)
    faults += answer(tab, WRONG, "not yet")
    faults += answer(tab, RIGHT, "solved")
    faults += in_both_themes(tab, shots / "loaders")
    command(tab, "docmanager:save")
    command(tab, "kernelmenu:shutdown")
    tab.close()
    tab, again = open_page(browser, address, LOADERS, WIDE)
    wait_for_kernel(tab)
    tab.evaluate(SELECT, "check.updates(count_updates)")
    faults += verdict_of(tab, "reopened, exercise", "solved")
    command(tab, "kernelmenu:shutdown")
    tab.close()
    return faults + said + again


def try_growing(browser, tab) -> list[str]:
    """Watch a curve in TensorBoard while the page writes it."""
    board = browser.new_page()
    board.goto(tab.evaluate(ADDRESS))
    tab.evaluate(GROW)
    steps = []
    for _ in range(12):
        time.sleep(2)
        board.locator(".reload-button").click()
        steps.append(board.evaluate(STEP))
    board.close()
    seen = sorted({step for step in steps if step >= 0})
    is_growing = len(seen) >= 3 and seen[0] < 59
    return [] if is_growing else [f"the curve does not grow: steps {steps}"]


def curves(browser, address: str, shots: Path) -> list[str]:
    """Look for the curves inside TensorBoard's frame."""
    tab, said = open_page(browser, address, BOARD, WIDE)
    faults = run_all(tab)
    tab.evaluate(SELECT, "%tensorboard --logdir")
    time.sleep(2)
    frame = tab.frame_locator(".jp-OutputArea-output iframe").first
    try:
        frame.get_by_text("lr=0.1").first.wait_for(timeout=40_000)
    except Exception as error:
        faults.append(f"no curve in TensorBoard's frame: {error!s:.80}")
    tab.screenshot(path=shots / "tensorboard.png")
    faults += try_growing(browser, tab)
    command(tab, "kernelmenu:shutdown")
    time.sleep(1)
    tab.close()
    return faults + said


SCENES = {
    "start page": first_page,
    "quiz and exercise": page_of_exercises,
    "TensorBoard": curves,
}
