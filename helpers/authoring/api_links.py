"""Links to PyTorch's documentation, where a page first writes a name in code.

`api_links.toml` says where each name is explained. Storing a page puts in the
links that are missing. Headings, the aims, code and the text of other links
stay as they are.
"""

import functools
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from nbformat import NotebookNode

BASE = "https://docs.pytorch.org/docs/stable/"
FILE = Path(__file__).with_suffix(".toml")
# Names of PyTorch by their first part: each has to be listed in the file.
PREFIXES = ("torch.", "nn.", "F.", "optim.", "dist.")
_FENCE = r"(?ms:^```.*?^```)"
_HEADING = r"(?m:^#+ .*$)"
_LINK = r"\[(?:[^\[\]]|\[[^\]]*\])*\]\([^)]*\)"
_PIECES = re.compile(rf"({_FENCE}|{_HEADING}|{_LINK}|`[^`\n]+`)")
_SKIPPED_TAGS = {"navigation", "quiz"}


@functools.cache
def addresses() -> dict[str, str]:
    """Return the address of each name."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: BASE + page
        for table in content.values()
        for name, page in table.items()
    }


def link_names(cells: Sequence[NotebookNode]) -> None:
    """Put links into the texts of a page, where they are missing.

    Args:
        cells: of the page, of which the first Markdown cell, the aims, stays
            as it is; the others are changed.
    """
    linked: set[str] = set()
    for cell in texts(cells):
        pieces = _PIECES.split(cell.source)
        for place, piece in enumerate(pieces):
            if piece.startswith("["):
                linked |= set(re.findall(r"\]\(([^)\s]+)\)$", piece))
            name = name_in(piece)
            address = addresses().get(name or "")
            if address and address not in linked:
                linked.add(address)
                pieces[place] = f"[{piece}]({address})"
        cell.source = "".join(pieces)


def texts(cells: Sequence[NotebookNode]) -> Iterator[NotebookNode]:
    """Give the Markdown cells of a page whose names are linked."""
    told = [
        cell
        for cell in cells
        if cell.cell_type == "markdown"
        and not _SKIPPED_TAGS & set(cell.metadata.get("tags", []))
    ]
    yield from told[1:]


def name_in(piece: str) -> str | None:
    """Return the name in a piece of code, as the file lists it.

    Args:
        piece: of Markdown; only one in single backticks has a name.
    """
    if not re.fullmatch(r"`[^`]+`", piece):
        return None
    code = piece.strip("`")
    if code in addresses():
        return code
    name = re.fullmatch(r"([A-Za-z_][\w.]*)(?:\(.*\))?", code)
    return name[1] if name else None


def unknown_names(cells: Sequence[NotebookNode]) -> list[str]:
    """Return names of PyTorch on a page for which there is no address."""
    names = [
        name_in(piece)
        for cell in texts(cells)
        for piece in _PIECES.split(cell.source)
    ]
    return [
        name
        for name in names
        if name and name.startswith(PREFIXES) and name not in addresses()
    ]
