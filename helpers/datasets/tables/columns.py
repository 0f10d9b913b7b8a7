"""What a column of a CSV file holds, decided from all of its fields.

The first pass over a file shows every field to its column, which keeps counts
and one example of each kind, never the fields. Then it says what it is: numbers
with a decimal mark, yes or no, categories, or nothing that can be used.
"""

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from helpers.datasets.tables.words import (
    CONTRADICTS,
    INFINITE,
    MISSING,
    MISSING_AS_WRITTEN,
    TRUTHS,
    Form,
    form_of,
    has_unit,
    is_date,
)
from helpers.errors import DataError, one_line

NUMBER, TRUTH, CATEGORY = "number", "truth", "category"
DATE, UNIT, EMPTY = "date", "unit", "empty"  # cannot be used
DOT = Form.DOT_IS_DECIMAL
COMMA = Form.COMMA_IS_DECIMAL


@dataclass
class Column:
    """What is known of a column so far.

    Attributes:
        name: its name.
        file: how sentences name the file.
        most: how many different texts are counted at most.
        n_missing: fields without a value.
        n_numbers: fields that are numbers, in any form.
        n_others: fields that are something else.
        n_dates: those of them that look like dates.
        n_units: those of them that are numbers with a unit, such as $5 or 3%.
        forms: how numbers were written, with the line of the first.
        texts: different texts that are no numbers, with the first line of
            each; at most ``most`` and one more.
        infinite: line and text of the first number that is not finite.
        missing: the words that stand where values are missing.
    """

    name: str
    file: str
    most: int
    n_missing: int = 0
    n_numbers: int = 0
    n_others: int = 0
    n_dates: int = 0
    n_units: int = 0
    forms: dict[Form, tuple[int, str]] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    infinite: tuple[int, str] | None = None
    missing: set[str] = field(default_factory=set)

    def look(self, fields: Sequence[str], lines: Sequence[int]) -> None:
        """Count the fields of some rows.

        Args:
            fields: one per row.
            lines: where each row begins in the file.
        """
        present = [text for text in fields if text not in MISSING_AS_WRITTEN]
        if self._look_fast(present):
            if len(present) < len(fields):
                self.n_missing += len(fields) - len(present)
                self.missing |= MISSING_AS_WRITTEN.intersection(fields)
            return
        first = dict(zip(reversed(fields), reversed(lines), strict=True))
        for text, n in Counter(fields).items():
            self._look_at(text.strip(), first[text], n)

    def _look_fast(self, fields: Sequence[str]) -> bool:
        """Count fields that hold what was seen before; False if unsure."""
        joined = "\n".join(fields)
        if "." in joined:
            if DOT not in self.forms or "," in joined:
                return False
        elif "," in joined:
            if COMMA not in self.forms:
                return False
            joined = joined.replace(",", ".")
        if "_" in joined or not joined.isascii():  # Python takes them
            return False
        try:
            values = np.array(list(map(float, joined.split("\n"))))
        except ValueError:
            return False
        if len(values) != len(fields) or not np.isfinite(values).all():
            return False
        if Form.IS_UNGROUPED not in self.forms and abs(values).max() > 999:
            return False
        self.n_numbers += len(values)
        return True

    def _look_at(self, text: str, line: int, n: int) -> None:
        """Count a field that stands in n rows, first in this line."""
        lower = text.lower()
        if lower in MISSING:
            self.n_missing += n
            self.missing.add(text)
            return
        form = form_of(text)
        if form is not None:
            self.n_numbers += n
            for part in form:
                self.forms.setdefault(part, (line, text))
            return
        self.n_others += n
        self.n_dates += n * is_date(text)
        self.n_units += n * has_unit(text)
        if self.infinite is None and _is_infinite(lower):
            self.infinite = line, text
        if len(self.texts) <= self.most:
            self.texts.setdefault(text, line)

    # -------------------------------------------------------- what it is

    def kind(self, is_categorical: bool = False) -> str:
        """Return what the column holds.

        Args:
            is_categorical: whether its numbers are names.

        Returns:
            "number", "truth", "category", "date", "unit" or "empty".

        Raises:
            DataError: numbers that are not finite; numbers among which some
                fields are something else.
        """
        if not self.n_numbers and not self.n_others:
            return EMPTY
        if is_categorical:
            return CATEGORY
        if not self.n_others:
            return NUMBER
        if self.infinite and (self.n_numbers or self._all_infinite()):
            line, text = self.infinite
            raise DataError(
                f'{self._at(line)}: "{text}" is not a finite number, and one '
                "such value spoils every mean. Repair it, or leave it empty "
                "if the value is not known."
            )
        if self.n_numbers >= self.n_others:
            text, line = next(iter(self.texts.items()))
            raise DataError(
                f"{self._at(line)}: {in_quotes(text)}, where most rows have "
                "a number. Repair it, or leave it empty if the value is not "
                f"known; if the numbers are names, add "
                f"{options_for('--categorical', [self.name])}."
            )
        if self.n_dates == self.n_others and not self.n_numbers:
            return DATE
        if self.n_units == self.n_others:
            return UNIT
        return TRUTH if self.truths() else CATEGORY

    def truths(self) -> dict[str, float]:
        """Return what its words for yes and no mean; {} if it has others."""
        words = {text.lower() for text in self.texts}
        if self.n_numbers or not words:
            return {}
        return next((pair for pair in TRUTHS if words <= set(pair)), {})

    def _all_infinite(self) -> bool:
        return all(_is_infinite(text.lower()) for text in self.texts)

    def _at(self, line: int) -> str:
        return place(self.file, self.name, line)

    # ------------------------------------------------------ decimal marks

    def decimal_mark(
        self, given: str | None = None, why: str = "as --decimal says"
    ) -> str | None:
        """Return the decimal mark of its numbers, from its own fields.

        Args:
            given: the mark that is known already.
            why: from where, in a few words.

        Returns:
            "." or ",", or None where the fields leave it open.

        Raises:
            DataError: its fields contradict each other, or the given mark.
        """
        says_dot = self._first(CONTRADICTS[","])
        says_comma = self._first(CONTRADICTS["."])
        against = {".": says_comma, ",": says_dot}
        if given:
            if found := against[given]:
                line, text = found
                raise DataError(
                    f'{self._at(line)}: "{text}" is not a number where the '
                    f"decimal mark is {_named(given)}, {why}."
                )
            return given
        if says_dot and says_comma:
            (line, text), (other_line, other) = says_dot, says_comma
            raise DataError(
                f'{self._at(line)}: "{text}" has a dot as the decimal mark, '
                f'and "{other}" in line {other_line} a comma. Write all '
                "numbers of the column alike."
            )
        if says_dot or says_comma:
            return "." if says_dot else ","
        either = [
            mark
            for mark, form in (
                (".", Form.DOT_IS_EITHER),
                (",", Form.COMMA_IS_EITHER),
            )
            if form in self.forms
        ]
        # 1234 beside 1.234: thousands are not parted here
        if len(either) == 1 and Form.IS_UNGROUPED in self.forms:
            return either[0]
        return None

    def is_ambiguous(self) -> bool:
        """Tell whether a mark stands in its fields that may be either."""
        return bool(self._first(Form.DOT_IS_EITHER | Form.COMMA_IS_EITHER))

    def has_marks(self) -> bool:
        """Tell whether its numbers have any dot or comma."""
        return any(form is not Form.IS_UNGROUPED for form in self.forms)

    def has_only_dots(self) -> bool:
        """Tell whether no comma stands in its numbers."""
        return Form.COMMA_IS_EITHER not in self.forms

    def ambiguity(self) -> DataError:
        """Return the error about numbers that can be read in two ways."""
        line, text = self._first(Form.DOT_IS_EITHER | Form.COMMA_IS_EITHER) or (
            0,
            "",
        )
        mark = "," if "," in text else "."
        whole = text.replace(mark, "")
        decimal = text.replace(mark, ".")
        other = "." if mark == "," else ","
        return DataError(
            f'{self._at(line)}: "{text}" can be {whole} or {decimal}, and '
            "nothing in the file tells which. Say what the decimal mark is: "
            f"--decimal {other} for {whole}, --decimal {mark} for {decimal}."
        )

    def _first(self, forms: Form) -> tuple[int, str] | None:
        """Return line and text of the first number of one of these forms."""
        found = [self.forms[form] for form in forms if form in self.forms]
        return min(found, default=None)


def check_decimal(decimal: object) -> None:
    """Refuse what is not a decimal mark.

    Raises:
        DataError: it is neither of the two, nor None.
    """
    if decimal is not None and decimal not in list(CONTRADICTS):
        raise DataError(
            f"{one_line(decimal)} is not a decimal mark. --decimal takes a dot "
            "(.) or a comma (,)."
        )


def settle_marks(
    columns: Iterable[Column], delimiter: str, given: str | None = None
) -> tuple[dict[str, str], list[str]]:
    """Settle the decimal mark of every column of numbers.

    A column decides by its own fields. One that leaves it open follows the
    other columns of the file, if these agree. Where none decides, and commas
    separate the columns, a dot is decimal: nothing else could be.

    Args:
        columns: those that hold numbers.
        delimiter: what separates the columns.
        given: the mark that the reader named.

    Returns:
        the mark of each column, by its name, and sentences about what a reader
        may not expect.

    Raises:
        DataError: a column contradicts itself, or can be read in two ways.
    """
    columns = list(columns)
    marks = {column.name: column.decimal_mark(given) for column in columns}
    known = {mark for mark in marks.values() if mark}
    of_file = known.pop() if len(known) == 1 else None
    guessed = []
    for column in columns:
        mark = marks[column.name] or of_file
        if mark is None and column.is_ambiguous():
            if delimiter != "," or not column.has_only_dots():
                raise column.ambiguity()
            mark = "."
            guessed.append(column.name)
        marks[column.name] = mark or "."
    return {name: mark or "." for name, mark in marks.items()}, _about_marks(
        columns, marks, guessed, given
    )


def _about_marks(
    columns: Sequence[Column],
    marks: Mapping[str, str | None],
    guessed: Sequence[str],
    given: str | None,
) -> list[str]:
    """Say which commas and which ambiguous dots were read as decimal marks."""
    notes = []
    with_comma = [
        c.name for c in columns if marks[c.name] == "," and c.has_marks()
    ]
    if with_comma and not given:
        notes.append(
            f"{columns[0].file}: a comma was read as the decimal mark in "
            f"{listed(with_comma)}; --decimal . says otherwise."
        )
    if guessed:
        notes.append(
            f"{columns[0].file}: a dot was read as the decimal mark in "
            f"{listed(guessed)}; --decimal , says otherwise."
        )
    return notes


def place(file: str, name: str, line: int | None = None) -> str:
    """Name a place in a file: the file, the line if known, and the column."""
    where = f", line {line}" if line else ""
    return f"{file}{where}, column {in_quotes(name)}"


def options_for(option: str, names: Sequence[str]) -> str:
    """Write an option for columns as a command line needs it."""
    return f"{option} {shlex.join(names)}"


def in_quotes(text: str) -> str:
    """Show a text of a file on one line, shortened."""
    return f'"{one_line(text)[1:-1]}"'


def listed(names: Sequence[str], most: int = 8) -> str:
    """List names in a sentence; of many, the first."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(in_quotes(name)[1:-1] for name in names[:most]) + more


def only_dates(
    column: Column, unusable: Sequence[str] | None = None
) -> DataError:
    """Return the error about a column of dates.

    Args:
        column: of dates.
        unusable: the names of all columns that have to be left out; None
            where the dates are the labels.
    """
    text, line = next(iter(column.texts.items()))
    advice = (
        "Turn the column into numbers, such as days since the first, or is "
        "another column the label?"
        if unusable is None
        else "Turn the column into numbers, such as days since the first or "
        f"the month, or leave it out: {options_for('--ignore', unusable)}."
    )
    return DataError(
        f"{place(column.file, column.name, line)}: {in_quotes(text)} is a "
        f"date or a time, which no model can compute with. {advice}"
    )


def with_unit(column: Column, can_stay: bool) -> DataError:
    """Return the error about a column of numbers that have a unit.

    Args:
        column: of such numbers.
        can_stay: whether the column may be left out, as the labels may not.
    """
    text, line = next(iter(column.texts.items()))
    name = [column.name]
    other = (
        f"; leave it out: {options_for('--ignore', name)}; or take each text "
        f"for a category: {options_for('--categorical', name)}"
        if can_stay
        else f"; or, if the texts are classes, add "
        f"{options_for('--categorical', name)}"
    )
    return DataError(
        f"{place(column.file, column.name, line)}: {in_quotes(text)} is a "
        "number with a currency or a percent sign, which would be read as "
        f"text. Remove the sign from the column{other}."
    )


def too_many_categories(
    column: Column, texts: Iterable[str], unusable: Sequence[str]
) -> DataError:
    """Return the error about a column with too many different texts.

    Args:
        column: the column.
        texts: some of its texts.
        unusable: the names of all columns that have to be left out.
    """
    texts = list(texts)
    examples = ", ".join(map(in_quotes, texts[:2]))
    line = column.texts.get(texts[-1])  # of one that is too many
    return DataError(
        f"{place(column.file, column.name, line)}: more than {column.most} "
        f"different texts, such as {examples}. As categories, each would need "
        "a weight of its own. Leave the column out "
        f"({options_for('--ignore', unusable)}), or allow more with "
        "--max-categories."
    )


def _is_infinite(lower: str) -> bool:
    """Tell whether a text is a number that is not finite."""
    if lower in INFINITE:
        return True
    try:
        return "e" in lower and math.isinf(float(lower))
    except ValueError:
        return False


def _named(mark: str) -> str:
    return "a dot" if mark == "." else "a comma"
