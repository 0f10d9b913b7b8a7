"""What a class has solved: one row per progress file.

python -m helpers collect FILE ...
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.errors import CourseError
from helpers.files import read_whole
from helpers.practice.exercises import all_exercises
from helpers.practice.quiz import QUIZZES, load_quiz


@dataclass(frozen=True)
class Student:
    """What one progress file says.

    Attributes:
        name: of the file, or of the folder that holds a ``progress.jsonl``.
        days: exercise ("01.2") or question ("quiz 01/closure") -> the day on
            which it was solved first, "2026-01-31".
        n_unread: lines that are not what the course writes.
    """

    name: str
    days: dict[str, str]
    n_unread: int = 0


def read_progress(path: Path) -> Student:
    """Read the progress file of a student.

    Raises:
        CourseError: the file cannot be read.
    """
    path = Path(path)
    days: dict[str, str] = {}
    n_unread = 0
    text = read_whole(path).decode("utf-8", "replace")
    for line in text.splitlines():
        try:
            entry = json.loads(line)
            key, day = str(entry["solved"]), str(entry.get("on", ""))
        except (ValueError, TypeError, KeyError, AttributeError):
            n_unread += bool(line.strip())
        else:
            days.setdefault(key, day)
    name = path.parent.name if path.name == "progress.jsonl" else path.stem
    return Student(name, days, n_unread)


def all_keys() -> tuple[list[str], list[str]]:
    """Return the exercises and the questions that can be solved, in order."""
    exercises = [exercise.number for exercise in all_exercises()]
    questions = [
        f"quiz {path.stem}/{question.key}"
        for path in sorted(QUIZZES.glob("*.toml"))
        for question in load_quiz(path.stem).questions
    ]
    return exercises, questions


def as_table(students: Sequence[Student]) -> str:
    """Return a line per student: exercises, questions, the last day."""
    exercises, questions = all_keys()
    width = max(4, *(len(student.name) for student in students)) + 2
    lines = [f"{'name':{width}}exercises   questions   last on"]
    for student in students:
        n_exercises = sum(key in student.days for key in exercises)
        n_questions = sum(key in student.days for key in questions)
        lines.append(
            f"{student.name:{width}}"
            f"{f'{n_exercises} of {len(exercises)}':12}"
            f"{f'{n_questions} of {len(questions)}':12}"
            f"{max(student.days.values(), default='')}".rstrip()
        )
        if student.n_unread:
            lines.append(f"  {student.n_unread} of its lines cannot be read.")
    return "\n".join(lines)


def write_csv(students: Sequence[Student], out) -> None:
    """Write a row per student, with the day on which each was solved.

    Args:
        students: as they were read.
        out: a text file that is open.
    """
    exercises, questions = all_keys()
    rows = csv.writer(out)
    rows.writerow(["name", *exercises, *questions])
    for student in students:
        days = (student.days.get(key, "") for key in [*exercises, *questions])
        rows.writerow([student.name, *days])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a file cannot be read, else 0."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers collect",
        description="Show what a class has solved: one row per progress file.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--csv",
        action="store_true",
        help="print a column for each exercise and question, as CSV",
    )
    options = parser.parse_args(arguments)
    students, status = [], 0
    for path in options.files:
        try:
            students.append(read_progress(path))
        except CourseError as error:
            print(error, file=sys.stderr)
            status = 1
    if students and options.csv:
        write_csv(students, sys.stdout)
    elif students:
        print(as_table(students))
    return status
