"""What the text of one field means: nothing, a number, a date, yes or no.

    1234    1234.5    .5    1e-3      a number, whatever the file's habits
    1,5     1.234,5                   a number if the comma is a decimal mark
    1,234.5                           a number if the comma parts thousands
    1,234   1.234                     either, which only other fields can tell

A column collects the forms of its fields and decides from all of them.
"""

import math
import re
from enum import Flag, auto

# What people write where a value is missing, in lower case.
MISSING = frozenset(
    (
        *("", "na", "n/a", "#n/a", "<na>", "nan", "null", "none"),
        *("?", ".", "-", "--", "\N{EN DASH}", "\N{EM DASH}"),
    )
)
# The same as they are usually written, to be found without looking closer.
MISSING_AS_WRITTEN = (
    MISSING | {text.upper() for text in MISSING} | {"NaN", "None"}
)
INFINITE = frozenset(
    sign + word
    for sign in ("", "+", "-")
    for word in ("inf", "infinity", "\N{INFINITY}")
)
# Pairs of words for yes and no, in lower case.
TRUTHS = (
    {"true": 1.0, "false": 0.0},
    {"yes": 1.0, "no": 0.0},
    {"t": 1.0, "f": 0.0},
    {"y": 1.0, "n": 0.0},
)
# Signs other than dot and comma that part thousands: they are never decimal.
SPACES = "'\N{RIGHT SINGLE QUOTATION MARK} \xa0\u2009\u202f"

# Nobody writes longer numbers, and a search in a long text takes long.
LONGEST = 400
_CURRENCY_OR_PERCENT = re.compile(
    r"(?P<sign>[-+\N{MINUS SIGN}]?) ?(?:[$€£¥₹]|usd|eur|gbp|chf)"
    r"[ \xa0\u202f]?(?P<after>.*)"
    r"|(?P<before>.*?)[ \xa0\u202f]?(?:[$€£¥₹%‰]|usd|eur|gbp|chf)",
    re.IGNORECASE,
)
_SIGN_AND_EXPONENT = re.compile(
    "(?P<sign>[-+\N{MINUS SIGN}]?)"
    rf"(?P<body>[0-9.,{SPACES}]*[0-9][0-9.,]*)"
    "(?P<exponent>[eE][-+]?[0-9]+)?"
)
_PLAIN = re.compile(r"[0-9]+|[0-9]*(?P<mark>[.,])[0-9]+|[0-9]+(?P<last>[.,])")
_GROUPED = re.compile(
    rf"[1-9][0-9]{{0,2}}(?P<group>[.,{SPACES}])[0-9]{{3}}"
    r"(?P<more>(?:(?P=group)[0-9]{3})*)"
    r"(?:(?P<mark>[.,])[0-9]*)?"
)
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?[ap]\.?m\.?)?"
_ZONE = r"(?: ?(?:z|utc|gmt|[-+][0-9]{2}:?(?:[0-9]{2})?))?"
_DAY = (
    r"(?:[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}"
    r"|[0-9]{1,2}([-/.])[0-9]{1,2}\2(?:[0-9]{4}|[0-9]{2})"
    rf"|[0-9]{{1,2}}[ .-]{{1,2}}{_MONTH}[ .-]{{1,2}}[0-9]{{2,4}}"
    rf"|{_MONTH} [0-9]{{1,2}},? [0-9]{{4}})"
)
_DATE = re.compile(rf"{_DAY}(?:[t ,]+{_TIME}{_ZONE})?|{_TIME}{_ZONE}", re.I)


class Form(Flag):
    """What the way a number is written says about the marks of its column."""

    PLAIN = 0
    DOT_IS_DECIMAL = auto()
    COMMA_IS_DECIMAL = auto()
    DOT_PARTS_THOUSANDS = auto()
    COMMA_PARTS_THOUSANDS = auto()
    DOT_IS_EITHER = auto()  # 1.234
    COMMA_IS_EITHER = auto()  # 1,234
    IS_UNGROUPED = auto()  # 1234: thousands are not parted here


_IS_DECIMAL = {".": Form.DOT_IS_DECIMAL, ",": Form.COMMA_IS_DECIMAL}
_PARTS = {".": Form.DOT_PARTS_THOUSANDS, ",": Form.COMMA_PARTS_THOUSANDS}
_IS_EITHER = {".": Form.DOT_IS_EITHER, ",": Form.COMMA_IS_EITHER}
# What a number cannot be where this is the decimal mark.
CONTRADICTS = {
    ".": Form.COMMA_IS_DECIMAL | Form.DOT_PARTS_THOUSANDS,
    ",": Form.DOT_IS_DECIMAL | Form.COMMA_PARTS_THOUSANDS,
}
_REMOVED = {
    mark: str.maketrans(
        {mark: ".", other: None, "\N{MINUS SIGN}": "-"} | dict.fromkeys(SPACES)
    )
    for mark, other in (".,", ",.")
}


def is_missing(text: str) -> bool:
    """Tell whether a field says that there is no value."""
    return text.strip().lower() in MISSING


def form_of(text: str) -> Form | None:
    """Return the form of a finite number, or None for anything else.

    Args:
        text: of a field, without spaces around it.
    """
    if len(text) > LONGEST:
        return None
    parts = _SIGN_AND_EXPONENT.fullmatch(text)
    if parts is None:
        return None
    body, exponent = parts["body"], parts["exponent"]
    form = _form_of_body(body, exponent is not None)
    if form is not None and (exponent or len(body) > 300):
        mark = "," if form & CONTRADICTS["."] else "."
        if not math.isfinite(to_number(text, mark)):
            return None
    return form


def _form_of_body(body: str, has_exponent: bool) -> Form | None:
    """Do the same for a number without its sign and its exponent."""
    if grouped := _GROUPED.fullmatch(body):
        group, mark = grouped["group"], grouped["mark"]
        if mark == group:  # 1,234,5
            return None
        if mark:
            return _IS_DECIMAL[mark] | _PARTS.get(group, Form.PLAIN)
        if group not in _PARTS:
            return Form.PLAIN
        if grouped["more"]:
            return _PARTS[group]
        return (_IS_DECIMAL if has_exponent else _IS_EITHER)[group]
    if plain := _PLAIN.fullmatch(body):
        if mark := plain["mark"] or plain["last"]:
            return _IS_DECIMAL[mark]
        return Form.IS_UNGROUPED if len(body) > 3 else Form.PLAIN
    return None


def to_number(text: str, mark: str) -> float:
    """Return the number that a text is, where the decimal mark is known.

    Args:
        text: of a field whose form does not contradict the mark.
        mark: the decimal mark, "." or ",".
    """
    return float(text.translate(_REMOVED[mark]))


def has_unit(text: str) -> bool:
    """Tell whether a text is a number with a currency or a percent sign."""
    if len(text) > LONGEST:
        return False
    found = _CURRENCY_OR_PERCENT.fullmatch(text)
    if found is None:
        return False
    number = found["before"] if found["after"] is None else found["after"]
    return form_of(number) is not None


def is_date(text: str) -> bool:
    """Tell whether a text looks like a date, a time of day, or both."""
    return _DATE.fullmatch(text) is not None
