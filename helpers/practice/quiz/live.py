"""A quiz where a kernel runs: buttons, which note what is answered.

Buttons, not radio buttons: JupyterLab takes the arrow keys for itself, so that
the keyboard would only reach the first of a group of radio buttons.
"""

import ipywidgets

from helpers.page.colours import FAINT, FOCUS, RIGHT, SHADE, WRONG
from helpers.page.markdown import WIDTH
from helpers.practice import progress_file
from helpers.practice.quiz.questions import Option, Question, Quiz
from helpers.practice.quiz.stored import (
    LETTERS,
    plain,
    question_html,
    verdict_html,
)

# Buttons of ipywidgets cut a text after one line; an answer may be longer. The
# names --jp-... are colours of JupyterLab, light and dark.
STYLE = f"""<style>
.course-quiz button.quiz-option {{
  height: auto; width: 100%; margin: 3px 0; padding: 0.3em 0.8em;
  white-space: normal; text-align: left; line-height: 1.5;
  color: var(--jp-content-font-color1, inherit); background: transparent;
  border: 1px solid var(--jp-border-color1, {FAINT}); border-left-width: 5px;
}}
.course-quiz button.quiz-option::after {{
  content: ""; float: right; width: 1.2em; text-align: center;
}}
.course-quiz button.quiz-right::after {{ content: "✓"; }}
.course-quiz button.quiz-wrong::after {{ content: "✗"; }}
.course-quiz button.quiz-option:hover {{ background: {SHADE}; }}
.course-quiz button.quiz-right {{ border-color: {RIGHT}; }}
.course-quiz button.quiz-wrong {{ border-color: {WRONG}; }}
.course-quiz button.quiz-option:focus-visible {{
  outline: 3px solid {FOCUS}; outline-offset: 1px;
}}
.course-quiz button.quiz-option, .course-quiz .widget-html-content {{
  font-size: var(--jp-content-font-size1, 14px); line-height: 1.5;
}}
.course-quiz .widget-html {{ height: auto; margin: 0; }}
.course-quiz pre {{
  background: {SHADE}; padding: 0.6em 0.8em;
  line-height: 1.4; overflow-x: auto;
}}
</style>"""


class LiveQuiz:
    """A quiz to be answered, and its score.

    Attributes:
        box: the widget that a page shows.
        right_at_once: keys of the questions whose first answer was right.
    """

    def __init__(self, quiz: Quiz):
        self.quiz = quiz
        solved, _ = progress_file.solved()
        self.answered = {
            question.key
            for question in quiz.questions
            if self._name(question) in solved
        }
        self.tried: set[str] = set()
        self.right_at_once: set[str] = set()
        self.score = ipywidgets.HTML()
        self.questions = [
            self._question(number, question)
            for number, question in enumerate(quiz.questions, start=1)
        ]
        parts = [ipywidgets.HTML(STYLE), *self.questions, self.score]
        self.box = ipywidgets.VBox(parts)
        self.box.add_class("course-quiz")
        self._show_score()

    def _name(self, question: Question) -> str:
        return f"quiz {self.quiz.name}/{question.key}"

    def _question(self, number: int, question: Question) -> ipywidgets.VBox:
        """Build a question: each option with room for its reason below it."""
        rows = [ipywidgets.HTML(question_html(number, question))]
        for letter, option in zip(LETTERS, question.options, strict=False):
            rows += self._option(letter, question, option)
        layout = {"margin": "0 0 1.4em 0", "max_width": WIDTH}
        return ipywidgets.VBox(rows, layout=layout)

    def _option(self, letter: str, question: Question, option: Option) -> tuple:
        reason = ipywidgets.HTML()
        button = ipywidgets.Button(
            description=f"{letter}. {plain(option.text)}",
            tooltip=f"Answer {letter}",
            layout={"width": "100%"},
        )
        button.add_class("quiz-option")

        def choose(_button) -> None:
            self._note(question, option)
            self._reveal(button, reason, option)

        button.on_click(choose)
        if option.right and question.key in self.answered:
            self._reveal(button, reason, option)  # answered on an earlier day
        return button, reason

    def _reveal(self, button, reason, option: Option) -> None:
        # a sign as well as a colour, for those who cannot tell colours apart
        button.add_class("quiz-right" if option.right else "quiz-wrong")
        reason.value = verdict_html(option)

    def _note(self, question: Question, option: Option) -> None:
        is_first = question.key not in self.tried | self.answered
        self.tried.add(question.key)
        if not option.right:
            return
        if is_first:
            self.right_at_once.add(question.key)
        self.answered.add(question.key)
        progress_file.note_solved(self._name(question))
        self._show_score()

    def _show_score(self) -> None:
        n, done = len(self.quiz.questions), len(self.answered)
        if not done:
            return
        score = f"{done} of {n} answered"
        if self.right_at_once:
            score += f", {len(self.right_at_once)} at the first try"
        end = ". That is all of them." if done == n else "."
        self.score.value = f"<b>{score}{end}</b>"
