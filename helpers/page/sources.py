"""Show the versions from their own files: a source, or a difference of two.

Code comes first. Docstrings and imports, which fill half of a difference and
say little, are folded away below it.
"""

import ast
import difflib
import html
import inspect
import keyword
import re
from collections.abc import Iterable, Sequence
from types import ModuleType

from helpers.page.colours import (
    GONE,
    KEYWORD,
    LINE,
    NEW,
    SHADE,
    see_through,
)
from helpers.page.markdown import INDENT, folded

GROUND = {"-": see_through(GONE, 0.2), "+": see_through(NEW, 0.2)}
BETWEEN = "..."  # where lines that did not change are left out
TOKENS = re.compile(
    r"(?P<comment>#.*$)"
    r"|(?P<string>[rbf]?(?:\"[^\"]*\"|'[^']*'))"
    rf"|(?P<keyword>\b(?:{'|'.join(keyword.kwlist)})\b)"
)
STYLES = {
    "comment": "opacity: 0.75; font-style: italic",
    "string": "",  # found so that no word in it is taken for a keyword
    "keyword": f"color: {KEYWORD}; font-weight: bold",
}
# green does not stand out enough from the blue and orange of a changed line
STYLES_OF_CHANGES = {**STYLES, "keyword": "font-weight: bold"}


class Shown:
    """What a page shows as HTML, and a terminal or a test as text.

    Attributes:
        text: without any HTML.
        html: the same for a page.
    """

    def __init__(self, text: str, html: str):
        self.text, self.html = text, html

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def show_source(thing) -> Shown:
    """Show the source of a module, function or class, as it stands on disk.

    Its docstrings are folded away below it.
    """
    source = inspect.getsource(thing)
    lines, kinds = source.splitlines(), _kinds(source)
    code = _tidy(
        line for line, kind in zip(lines, kinds, strict=True) if kind != "words"
    )
    words = [
        line for line, kind in zip(lines, kinds, strict=True) if kind == "words"
    ]
    inner = _block([_line(_styled(line, STYLES)) for line in code], "40em")
    if words:
        said = _block([_line(html.escape(line, quote=False)) for line in words])
        inner += folded("Docstring", said)
    return Shown(source.rstrip(), _framed(inner))


def show_difference(before: ModuleType, after: ModuleType) -> Shown:
    """Show how the file of one version became that of the next.

    A line that begins with - is gone, one that begins with + is new. The
    colours only repeat that, and suit a light and a dark page.
    """
    (code, rest), (new_code, new_rest) = map(_code_and_rest, (before, after))
    changes = _changes(code, new_code, n=2)
    others = _changes(rest, new_rest, n=0)
    title = _title(before, after)
    body = _block([_changed_line(line) for line in changes])
    if not changes:
        body = "<div>The code is the same.</div>"
    text = [title, *(changes or ["The code is the same."])]
    name = "Imports and docstrings"
    if others:
        lines = [_changed_line(line, plain=True) for line in others]
        body += folded(name, _block(lines))
        text += ["", f"{name}:", *others]
    heading = f"<div><b>{html.escape(title)}</b></div>"
    return Shown("\n".join(text), _framed(heading + body))


# ------------------------------------------------------ what a line is


def _code_and_rest(module: ModuleType) -> tuple[list[str], list[str]]:
    """Part the lines of a file: its code, and its imports and docstrings."""
    source = inspect.getsource(module)
    lines, kinds = source.splitlines(), _kinds(source)
    pairs = list(zip(lines, kinds, strict=True))
    code = _tidy(line for line, kind in pairs if kind == "code")
    return code, [line for line, kind in pairs if kind != "code" and line]


def _kinds(source: str) -> list[str]:
    """Say for each line whether it is "code", an "import" or "words"."""
    # a method stands indented, and by itself is not valid Python
    lines = source.splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    tree = ast.parse("\n".join(line[indent:] for line in lines))
    kinds = ["code"] * len(lines)
    for node in ast.walk(tree):
        kind = "import" if isinstance(node, ast.Import | ast.ImportFrom) else ""
        if isinstance(
            node,
            ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
        ) and ast.get_docstring(node):
            node, kind = node.body[0], "words"
        if kind:
            assert isinstance(node, ast.stmt) and node.end_lineno
            for number in range(node.lineno - 1, node.end_lineno):
                kinds[number] = kind
    return kinds


def _tidy(lines: Iterable[str]) -> list[str]:
    """Leave one blank line where lines were taken out, none at the ends."""
    tidy: list[str] = []
    for line in lines:
        begins = not tidy or not tidy[-1].strip()
        # nothing between the head of a function and its first line
        head = bool(tidy) and tidy[-1].rstrip().endswith(":")
        if line.strip() or not (begins or head):
            tidy.append(line)
    while tidy and not tidy[-1].strip():
        tidy.pop()
    return tidy


def _changes(before: Sequence[str], after: Sequence[str], n: int) -> list[str]:
    """Return the lines of a difference, without its headers."""
    lines = list(difflib.unified_diff(before, after, lineterm="", n=n))
    shown = [
        BETWEEN if line.startswith("@@") else f"{line[0]} {line[1:]}".rstrip()
        for line in lines[2:]
    ]
    if not n:
        return [line for line in shown if line != BETWEEN]
    return shown[1:]  # nothing stands above the first


def _title(before: ModuleType, after: ModuleType) -> str:
    """Name both versions: model training v1 → v2."""
    (stage, old), (new_stage, new) = (
        module.__name__.removeprefix("helpers.").rsplit(".", 1)
        for module in (before, after)
    )
    stage, new_stage = (s.replace("_", " ") for s in (stage, new_stage))
    return (
        f"{stage} {old} → {new if new_stage == stage else f'{new_stage} {new}'}"
    )


# --------------------------------------------------------------- as HTML


def _framed(inner: str) -> str:
    # a table of one cell would be wider than its page; a block scrolls
    return f'<div style="margin: 8px 0; padding-left: {INDENT}">{inner}</div>'


def _block(lines: Sequence[str], max_height: str = "") -> str:
    """Put lines on a grey ground, in a font whose columns line up."""
    limit = (
        f"; max-height: {max_height}; overflow-y: auto" if max_height else ""
    )
    style = (
        f"background: {SHADE}; border-radius: 6px; padding: 0.5em 0; "
        f"margin: 4px 0; overflow-x: auto; white-space: pre; "
        f"font-family: monospace; font-size: 13px; line-height: 1.4{limit}"
    )
    inner = "".join(lines)
    code = '<code style="background: transparent; font-family: monospace'
    return (
        f'<pre style="{style}">{code}; white-space: pre">{inner}</code></pre>'
    )


def _line(inner: str, ground: str = "transparent") -> str:
    style = f"display: block; padding: 0 0.8em; background: {ground}"
    return f'<span style="{style}">{inner or " "}\n</span>'


def _changed_line(line: str, plain: bool = False) -> str:
    if line == BETWEEN:
        style = f"display: block; margin: 6px 0; border-top: 1px solid {LINE}"
        return f'<span style="{style}"></span>'
    sign, code = line[:1] or " ", line[1:]
    styles = STYLES_OF_CHANGES if sign in GROUND else STYLES
    shown = html.escape(code, quote=False) if plain else _styled(code, styles)
    return _line(sign + shown, GROUND.get(sign, "transparent"))


def _styled(code: str, styles: dict[str, str]) -> str:
    """Mark keywords and comments of a line of code."""
    parts, end = [], 0
    for found in TOKENS.finditer(code):
        parts.append(html.escape(code[end : found.start()], quote=False))
        style = styles[found.lastgroup or "string"]
        inner = html.escape(found.group(), quote=False)
        parts.append(
            f'<span style="{style}">{inner}</span>' if style else inner
        )
        end = found.end()
    return "".join(parts) + html.escape(code[end:], quote=False)
