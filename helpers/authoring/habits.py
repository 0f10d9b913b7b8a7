"""Habits of the language that readers stumbled over: ``make lint`` lists them.

    python -m helpers habits

The list is short on purpose: each entry is a slip that is nearly always one.
What needs judgement is left to whoever reads the page aloud.
"""

import argparse
import ast
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from helpers.paths import ROOT, display_path

# what is written -> what to write
HABITS = {
    r"\btrainings\b": "training runs",
    r"\bdata sets?\b": "dataset, one word",
    r"\bbelongs? into\b": "belongs in",
    r"\bchanged places\b|\bchange places\b": "were swapped, swap",
    r"\b(?:it|that|this|which|one) is no "
    r"(?!longer|more|one|progress|news|reason|need|other)": "is not a",
    r"\b(?:is|are|was|were) others\b": "have changed, differ",
    r"\(no unit\)": "leave it out",
    r"\ball else\b": "everything else",
    r"\bone (?:number|loss|row|line|step|file|cell|class|bar|curve) an? "
    r"(?:point|row|epoch|name|batch|file|version|exercise|run)\b": (
        "one ... per ..."
    ),
    r"\ba (?:file|cell|line|folder|row) an? (?:version|name|chapter|exercise|"
    r"point)\b": "one ... per ...",
    r"\bbrackets? (?:too many|missing|may be missing)\b": "parentheses",
    r"\bwithout (?:its |the |any )?brackets\b": "without parentheses",
    r"\bwas never asked\b|\bwere never asked\b": "was never called",
    r"\bthe business of\b|\bis not (?:its|our) business\b": "say who does it",
}
_PATTERNS = [
    (re.compile(habit, re.IGNORECASE), better)
    for habit, better in HABITS.items()
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every place; return 1 if there is one."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers habits",
        description="List slips of the language in pages, words and code.",
    )
    parser.parse_args(arguments)
    found = [
        f"{display_path(path)}: {slip!r}: better: {better}"
        for path in texts()
        for slip, better in slips_in(path)
    ]
    print("\n".join(found) or "No slip of the list is left.")
    return int(bool(found))


def texts() -> list[Path]:
    """Return the files that somebody reads: pages, words, docstrings."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    found += (ROOT / "data").rglob("*.md")
    found += (ROOT / "data" / "quizzes").glob("*.toml")
    found += (ROOT / "notebooks").rglob("[!.]*.ipynb")
    found += (ROOT / "helpers").rglob("*.toml")
    found += (ROOT / "helpers").rglob("*.py")
    ours = Path(__file__)
    return sorted(
        path
        for path in found
        if path != ours and ".ipynb_checkpoints" not in path.parts
    )


def slips_in(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each slip in a file, and what to write in its place."""
    for text in _prose_of(path):
        plain = " ".join(re.sub(r"(?s)```.*?```|`[^`]*`", "x", text).split())
        for pattern, better in _PATTERNS:
            for slip in pattern.finditer(plain):
                around = plain[max(0, slip.start() - 15) : slip.end() + 15]
                yield around, better


def _prose_of(path: Path) -> list[str]:
    """Return what a reader reads as sentences in a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        return [
            "".join(cell["source"])
            for cell in cells
            if cell["cell_type"] == "markdown"
        ]
    if path.suffix != ".py":
        return [text]
    comments = re.findall(r"(?m)^\s*#\s?(.*)$", text)
    literals = [
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [" ".join(comments), *literals]
