"""Several pieces of code beside each other, and how many lines each has.

Only what does the work is shown and counted: docstrings, comments, blank
lines, decorators and types are left out, in code of the course and in code
that a reader wrote in a page alike.
"""

import ast
import html
import inspect
import linecache
import re
from collections.abc import Mapping, Sequence

from helpers.errors import CourseError
from helpers.page.colours import SERIES, SHADE, see_through
from helpers.page.markdown import INDENT
from helpers.page.sources import Shown

SIZE = 11  # pixels: of code, so that three columns fit beside each other
EM = 0.6  # the width of a letter, in sizes of the font
FURTHER = 2.4  # ems: how far a line goes on to the right where it is broken

# What the lines of a training loop do, for `show_side_by_side`: a line belongs
# to the first job whose pattern it fits.
LOOP_JOBS = {
    "mode, recording": r"\.(train|eval)\(\)|no_grad",
    "loss of a batch": r"^(?! *def make).*(loss_func|loss_fn|step_fn)"
    r"\((model|yhat|x_)"
    r"|= model\(|(?<!def )loss_batch\(",
    "update": r"backward|step\(\)|zero_grad|opt is not",
    "mean of an epoch": r"total|count|n_rows",
    "record": r"append|losses = ",
    "what callbacks add": r"call\(|callback|stop|hook|def (before|after)_"
    r"|wait|best",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def plain_lines(thing) -> list[str]:
    """Return the lines of a function or a class that do the work.

    Args:
        thing: a function or class, from a file or from a cell of a page.

    Raises:
        CourseError: its source is not known.
    """
    lines, node = _find(thing)
    left_out, heads = _not_code(node), _heads(node, lines)
    shown = []
    for number in range(node.lineno, (node.end_lineno or 0) + 1):
        if number in heads:
            shown += [heads[number]] if heads[number] else []
        elif number not in left_out:
            line = _without_comment(lines[number - 1])
            if line.strip():
                shown.append(line)
    return [line[node.col_offset :] for line in shown]


def count_lines(*things) -> int:
    """Count the lines of functions and classes that do the work."""
    return sum(len(plain_lines(thing)) for thing in things)


def count_loop(function) -> int:
    """Count the lines of the outermost ``for`` loops of a function."""
    lines = plain_lines(function)
    depth = None
    count = 0
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if depth is not None and indent <= depth:
            depth = None
        if depth is None and line.lstrip().startswith("for "):
            depth = indent
        count += depth is not None
    return count


def show_side_by_side(
    columns: Mapping[str, Sequence], jobs: Mapping[str, str]
) -> Shown:
    """Show code in columns, each job in a colour of its own.

    Args:
        columns: what stands in each column, functions and classes, by its
            heading.
        jobs: for each job, a pattern of the lines that do it; at most six.
            A line that several patterns fit belongs to the first.
    """
    patterns = {job: re.compile(pattern) for job, pattern in jobs.items()}
    colours = dict(zip(jobs, SERIES, strict=False))
    words, boxes = [], []
    for heading, things in columns.items():
        lines = _joined(things)
        n_lines = sum(bool(line) for line in lines)
        marked = [(line, _job_of(line, patterns)) for line in lines]
        words.append(_column_as_text(f"{heading}, {n_lines} lines", marked))
        boxes.append(_column(heading, n_lines, marked, colours))
    style = (
        f"display: flex; gap: 8px; margin: 4px 0; padding-left: {INDENT}; "
        "overflow-x: auto"
    )
    inner = f'<div style="{style}">{"".join(boxes)}</div>'
    return Shown("\n\n".join(words), _key(colours) + inner)


# --------------------------------------------------------- finding the source


def _find(thing) -> tuple[list[str], Function | ast.ClassDef]:
    """Return the lines of a file or cell, and the node of a thing in them."""
    thing = inspect.unwrap(thing) if callable(thing) else thing
    name = getattr(thing, "__name__", "")
    for path in _paths_of(thing):
        lines = [line.rstrip("\n") for line in linecache.getlines(path)]
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        nodes = [
            node
            for node in ast.walk(ast.parse("\n".join(lines)))
            if isinstance(node, kinds) and node.name == name
        ]
        if nodes:
            return lines, nodes[-1]  # what a cell defines twice, it has last
    raise CourseError(
        f"A function or class with a source was expected, and "
        f"{type(thing).__name__} {name} has none that can be found. Was it "
        "made by exec, or is it part of Python itself?"
    )


def _paths_of(thing) -> list[str]:
    """Return where code of a thing stands; a class is where its methods are."""
    parts = vars(thing).values() if isinstance(thing, type) else [thing]
    codes = (getattr(part, "__code__", None) for part in parts)
    return list(dict.fromkeys(code.co_filename for code in codes if code))


# ------------------------------------------------------------ what is left out


def _not_code(node: ast.AST) -> set[int]:
    """Return the numbers of the lines of docstrings."""
    found: set[int] = set()
    for inner in ast.walk(node):
        if isinstance(inner, Function | ast.ClassDef) and ast.get_docstring(
            inner
        ):
            words = inner.body[0]
            found.update(range(words.lineno, (words.end_lineno or 0) + 1))
    return found


def _heads(node: ast.AST, lines: Sequence[str]) -> dict[int, str]:
    """Return the heads of functions without types, by the line they begin."""
    heads: dict[int, str] = {}
    for inner in ast.walk(node):
        if isinstance(inner, Function):
            first, last = inner.lineno, inner.body[0].lineno
            heads.update(dict.fromkeys(range(first, last), ""))
            if first == last:  # all of it on one line
                heads[first] = lines[first - 1]
                continue
            for one in ast.walk(inner.args):
                if isinstance(one, ast.arg):
                    one.annotation = None
            head = f"def {inner.name}({ast.unparse(inner.args)}):"
            heads[first] = " " * inner.col_offset + head
    return heads


def _without_comment(line: str) -> str:
    return re.sub(r"\s*#[^'\"]*$", "", line)


# ------------------------------------------------------------------ as columns


def _joined(things: Sequence) -> list[str]:
    lines: list[str] = []
    for thing in things:
        lines += [""] * bool(lines) + plain_lines(thing)
    return lines


def _job_of(line: str, patterns: Mapping[str, re.Pattern]) -> str:
    for job, pattern in patterns.items():
        if pattern.search(line):
            return job
    return ""


def _column_as_text(heading: str, marked) -> str:
    rows = [f"{line:<58}| {job}".rstrip(" |") for line, job in marked]
    return "\n".join([heading, *rows])


def _column(heading: str, n_lines: int, marked, colours) -> str:
    rows = "".join(_row(line, colours.get(job, "")) for line, job in marked)
    title = f"<b>{html.escape(heading)}</b>, {n_lines} lines"
    ground = (
        f"background: {SHADE}; border-radius: 6px; padding: 0.5em 0; "
        "margin: 4px 0; white-space: pre-wrap; word-break: normal; "
        "font-family: monospace; "
        f"font-size: {SIZE}px; line-height: 1.35"
    )
    code = (
        f"background: transparent; font-family: monospace; font-size: {SIZE}px"
    )
    return (
        '<div style="flex-grow: 1; flex-basis: 0; min-width: 240px">'
        f'{title}<pre style="{ground}"><code style="{code}; '
        f'white-space: pre-wrap; word-break: normal">{rows}</code></pre></div>'
    )


def _row(line: str, colour: str) -> str:
    """Draw a line; what does not fit is broken, and goes on indented."""
    ground = see_through(colour, 0.18) if colour else "transparent"
    code = line.lstrip()
    indent = EM * (len(line) - len(code))
    style = (
        f"display: block; background: {ground}; "
        f"border-left: 4px solid {colour or 'transparent'}; "
        f"padding: 0 0.4em 0 {indent + FURTHER:.1f}em; "
        f"text-indent: {0.4 - FURTHER:.1f}em"
    )
    words = html.escape(code, quote=False) or " "
    return f'<span style="{style}">{words}\n</span>'


def _key(colours: Mapping[str, str]) -> str:
    """Say which colour marks which job."""
    keys = "".join(
        f'<span style="border-left: 12px solid {colour}; padding: 0 1.2em 0 '
        f'0.4em; white-space: nowrap">{html.escape(job)}</span>'
        for job, colour in colours.items()
    )
    return f'<div style="padding: 4px 0 4px {INDENT}">{keys}</div>'
