"""What a page has to let the keyboard do; `make browser` tries it."""

import time

# The element that has the keyboard: its name, and whether a quiz or a picture
# in steps holds it.
FOCUS = """() => {
  const element = document.activeElement;
  return [element.tagName, Boolean(element.closest('.course-quiz')),
          element.matches('.course-moving input')];
}"""
# Select the first cell that holds a text, as the arrow keys would.
SELECT = """async text => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const cells = notebook.model.cells;
  for (let i = 0; i < cells.length; i++) {
    if (JSON.stringify(cells.get(i).toJSON()).includes(text)) {
      notebook.activeCellIndex = i;
      notebook.mode = 'command';
      notebook.activate();
      await notebook.scrollToItem(i, 'center');
      return true;
    }
  }
  return false;
}"""
ANSWERS = """() => [...document.querySelectorAll('.course-quiz button')]
  .filter(button => /quiz-(right|wrong)/.test(button.className)).length"""
OPEN_FOLDS = """() => document.querySelectorAll(
  '.jp-OutputArea-output details[open]').length"""
# The step that the keyboard has chosen, and the one that is to be seen.
STEP = """() => {
  const button = document.activeElement;
  const picture = button.closest('.course-moving');
  if (!picture) return [0, 0];
  const captions = [...picture.querySelectorAll('.said > div')];
  const seen = captions.findIndex(
    one => Number(getComputedStyle(one).opacity) > 0.5);
  return [Number(button.value), seen + 1];
}"""


def press_until(tab, key: str, arrived, patience: int = 6) -> bool:
    """Press a key until the focus is where it should be."""
    for _ in range(patience):
        tab.keyboard.press(key)
        if arrived(tab.evaluate(FOCUS)):
            return True
    return False


def try_keyboard(tab) -> list[str]:
    """Use quiz, hints and pictures in steps with the keyboard alone."""
    faults = []
    if tab.evaluate(SELECT, "course-moving"):
        time.sleep(1)  # the cell scrolls into sight
        if not press_until(tab, "Tab", lambda focus: focus[2]):
            faults.append("no button of a picture that moves is reached by Tab")
        wanted, _ = tab.evaluate(STEP)
        # two steps, away from the end that is nearer
        key, way = ("ArrowRight", 1) if wanted <= 2 else ("ArrowLeft", -1)
        for _ in range(2):
            tab.keyboard.press(key)
            time.sleep(0.7)
            wanted += way
            if tab.evaluate(STEP) != [wanted, wanted]:
                faults.append(f"{key} does not show step {wanted}")
    if tab.evaluate(SELECT, "show_quiz("):
        time.sleep(1)  # the cell scrolls into sight
        for n_answered in (1, 2):
            if not press_until(tab, "Tab", lambda focus: focus[1]):
                faults.append("no option of the quiz is reached by Tab")
            tab.keyboard.press("Enter" if n_answered == 1 else "Space")
            time.sleep(0.7)
            if tab.evaluate(ANSWERS) != n_answered:
                faults.append("the keyboard does not choose an option")
    if tab.evaluate(SELECT, "from helpers.check import chapter"):
        time.sleep(1)
        before = tab.evaluate(OPEN_FOLDS)
        # from the cell into its output: the link of the verdict, then its folds
        is_hint = lambda focus: focus[0] == "SUMMARY"  # noqa: E731
        if not press_until(tab, "Tab", is_hint):
            # Enter would follow whatever link has the keyboard now
            return [*faults, "no hint is reached by Tab"]
        tab.keyboard.press("Enter")
        time.sleep(0.3)
        if tab.evaluate(OPEN_FOLDS) != before + 1:
            faults.append("the keyboard does not open a hint, or opens two")
    return faults
