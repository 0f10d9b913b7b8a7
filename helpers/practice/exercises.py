"""Which exercises there are, read from the files of words alone."""

from dataclasses import dataclass, field
from pathlib import Path

from helpers.practice.words import CHECK, Section, look_of, read_words

LEVELS = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Help:
    """What a reader may open who is stuck.

    Attributes:
        hints: Markdown; the second says more than the first.
        solution: Python code; "" in a challenge, whose solution is a page.
        remark: a sentence or two about the solution, Markdown.
    """

    hints: tuple[str, ...] = ()
    solution: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Exercise:
    """One exercise of a page, or one task of a challenge.

    Attributes:
        number: "01.2": the second of chapter 01; "C1.2" in challenge 1.
        title: as in the heading of the page.
        minutes: that it takes most readers.
        level: "easy", "medium" or "hard".
        look: the section of the course that explains it.
        path: of its words, which also hold the attributes above.
        call: how a page calls the answer, such as "make_line(b, w)".
        solved: a sentence about a right answer.
        patience: how many times the usual time limit an answer may take.
        also: other exercises whose words it borrows, "chapter_01/train_step".
        help: hints and a solution, which a verdict shows folded away.
    """

    number: str
    title: str
    minutes: int
    level: str
    look: Section | None
    path: Path | None
    call: str = ""
    solved: str = ""
    patience: float = 1.0
    also: tuple[str, ...] = ()
    help: Help = field(default_factory=Help)

    @property
    def name(self) -> str:
        """How verdicts call it."""
        kind = "Task" if self.number.startswith("C") else "Exercise"
        return f"{kind} {self.number} · {self.title}"

    @property
    def page(self) -> str:
        """The key of its page in ``course.toml``: "01", "C1"."""
        return self.number.partition(".")[0]

    @property
    def prefix(self) -> str:
        """What leads from its page to ``notebooks/``, for links."""
        return "../" if self.number.startswith("C") else ""


def read_exercise(path: Path) -> Exercise | None:
    """Read what a TOML file of words says of its exercise.

    Returns:
        the exercise; None for words that several exercises share.

    Raises:
        ValueError: it lacks something, or has something unknown; the message
            names the file.
    """
    content = read_words(path)
    table = dict(content.get("exercise", {}))
    if not table:
        return None
    aid = dict(content.get("help", {}))
    aid["hints"] = tuple(aid.get("hints", ()))
    table["also"] = tuple(table.get("also", ()))
    table["look"] = look_of(table)
    try:
        found = Exercise(path=path, help=Help(**aid), **table)
    except TypeError as error:
        raise ValueError(
            f"{path.name}, [exercise] or [help]: {error}."
        ) from error
    if found.level not in LEVELS:
        raise ValueError(f"{path.name}: the level is one of {LEVELS}.")
    return found


def all_exercises() -> list[Exercise]:
    """Read every exercise there is, in the order of their numbers."""
    found = map(read_exercise, sorted(CHECK.glob("ch*/*.toml")))
    return sorted((entry for entry in found if entry), key=_place)


def _place(entry: Exercise) -> tuple[str, int]:
    """Return what puts C2.10 after C2.9."""
    page, _, number = entry.number.partition(".")
    return page, int(number)
