"""Show a quiz in a page, in both of its forms."""

from IPython.display import display

from helpers.page.widgets import bundle_of
from helpers.practice.quiz.live import LiveQuiz
from helpers.practice.quiz.questions import load_quiz
from helpers.practice.quiz.stored import as_stored_html


def show_quiz(name: str) -> None:
    """Show a quiz in the page, to be answered by mouse or keyboard.

    Where a kernel runs it is a widget, which notes what is answered. The form
    that is stored beside it in the same output needs none
    (`helpers.page.saving` leaves the widget out of the file).

    Args:
        name: of a file in ``data/quizzes``, such as "01".

    Raises:
        DataError: see `load_quiz`.
    """
    quiz = load_quiz(name)
    live = bundle_of(LiveQuiz(quiz).box)
    n = len(quiz.questions)
    display(
        {
            **live,
            "text/html": as_stored_html(quiz),
            "text/plain": f"{quiz.title}: {n} questions",
        },
        raw=True,
    )
