"""What is solved so far, as a table: on the start page and in a terminal."""

import html

from helpers.paths import display_path
from helpers.practice import progress_file
from helpers.practice.exercises import CHECKERS, all_exercises

CHAPTERS = {
    "01": "Higher-order functions",
    "02": "Dataset",
    "03": "DataLoader",
    "04": "Mini-batch inner loop and the split",
    "05": "Evaluation",
    "06": "TensorBoard",
    "07": "SummaryWriter",
    "08": "Checkpointing",
    "09": "Deploying",
    "10": "Putting it all together",
    "C1": "Challenge 1",
}
LARGE_QUIZZES = {
    "after_04": "Quiz after chapter 04",
    "after_10": "Quiz after chapter 10",
}


class Overview:
    """A table of what is solved, which a page shows as such.

    Attributes:
        rows: chapter, exercises solved, quiz questions answered, as texts.
        below: sentences below the table: what is next, what went wrong.
    """

    def __init__(self):
        # here, not above: these modules need this one's neighbours
        import helpers.check  # noqa: F401  registers the exercises
        from helpers.practice.quiz import load_quiz

        solved, trouble = progress_file.solved()
        self.rows = []
        for chapter, title in CHAPTERS.items():
            numbers = [n for n in CHECKERS if n.startswith(f"{chapter}.")]
            done = sum(number in solved for number in numbers)
            quiz = (
                "" if chapter == "C1" else _answered(load_quiz(chapter), solved)
            )
            name = title if chapter == "C1" else f"{chapter} {title}"
            self.rows.append((name, f"{done} of {len(numbers)}", quiz))
        for name, title in LARGE_QUIZZES.items():
            self.rows.append((title, "", _answered(load_quiz(name), solved)))
        self.below = [*_next(solved), *([trouble] if trouble else [])]

    def __str__(self) -> str:
        table = [("", "exercises", "quiz"), *self.rows]
        lines = [
            f"{name:42}{done:12}{quiz}".rstrip() for name, done, quiz in table
        ]
        return "\n".join([*lines, "", *self.below])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "<tr><th></th><th>exercises</th><th>quiz</th></tr>"
        body = "".join(
            "<tr><td style='text-align: left'>"
            f"{html.escape(name)}</td><td>{done}</td><td>{quiz}</td></tr>"
            for name, done, quiz in self.rows
        )
        below = "".join(f"<p>{html.escape(line)}</p>" for line in self.below)
        return f"<table>{head}{body}</table>{below}"


def show_progress() -> Overview:
    """Return a table of what is solved, from ``runs/progress.jsonl``."""
    return Overview()


def _answered(quiz, solved: set[str]) -> str:
    keys = [f"quiz {quiz.name}/{question.key}" for question in quiz.questions]
    return f"{sum(key in solved for key in keys)} of {len(keys)}"


def _next(solved: set[str]) -> list[str]:
    """Say which exercise comes next, and where all this is kept."""
    left = [one for one in all_exercises() if one.number not in solved]
    kept = (
        f"Kept in {display_path(progress_file.file())}. Delete that file to "
        "start over."
    )
    if not left:
        return ["Every exercise is solved.", kept]
    first = left[0]
    return [
        f"Next: {first.name} ({first.level}, {first.minutes} minutes).",
        kept,
    ]
