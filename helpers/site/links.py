"""Links of a page that lead to other files of the repository.

A page links to a file of `helpers` as a reader of the repository would. On the
site that is a section of the reference; any other file gets a page that shows
its text. Links between pages stay as they are: Sphinx leads and checks them.
"""

import posixpath
import re
from pathlib import Path
from urllib.parse import unquote

from helpers.course import anchor, heading_of
from helpers.paths import ROOT

_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")
# Texts that are pages of the site, by their place in the repository.
DOCUMENTS = {
    "docs/setup.md": "setup.md",
    "docs/commands.md": "commands.md",
    "docs/teaching.md": "teaching.md",
}
LANGUAGES = {".py": "python", ".toml": "toml", ".json": "json", ".sh": "bash"}


def lead_links(
    text: str, name: str, files: set[str], folder: str = "notebooks"
) -> str:
    """Lead the links of a Markdown text to what the site has.

    Args:
        text: of a cell.
        name: of its page, below ``folder``.
        files: gains the files that are linked, as paths below the repository.
        folder: of the repository, whose pages are at the top of the site.
    """

    def led(link: re.Match) -> str:
        here = posixpath.dirname(f"{folder}/{name}")
        path = posixpath.normpath(posixpath.join(here, link[1]))
        if path.endswith(".ipynb"):
            # MyST compares anchors as they are written, not as they are quoted
            page = path.removeprefix("notebooks/")
            to = unquote(_to_heading(page, link[2] or ""))
            return f"](<{link[1]}{to}>)"
        if not (ROOT / path).is_file():
            return link[0]
        files.add(path)
        target = posixpath.relpath(place_of(path), posixpath.dirname(name))
        return f"]({target})"

    return _LINK.sub(led, text)


def _to_heading(page: str, fragment: str) -> str:
    """Lead to the heading of a cell, as nothing on the site is called a cell.

    Args:
        page: its path below ``notebooks/``.
        fragment: of a link, such as "#cell-id=term-batch-norm"; "" for none.
    """
    kind, _, name = fragment.partition("=")
    if kind != "#cell-id":
        return fragment
    return f"#{anchor(heading_of(page, name))}"


def place_of(path: str) -> str:
    """Return where the site shows a file of the repository.

    Args:
        path: below the repository, such as "helpers/pipeline/parts.py".

    Returns:
        A page below the site's folder, as Sphinx reads it, and its anchor.
    """
    if path in DOCUMENTS:
        return DOCUMENTS[path]
    parts = Path(path).with_suffix("").parts
    if parts[0] == "helpers" and path.endswith(".py") and len(parts) > 1:
        return f"helpers/{parts[1]}.md#{'.'.join(parts)}"
    return f"files/{path}.md"


def write(folder: Path, files: set[str]) -> None:
    """Write a page for each file that no other page of the site shows."""
    for path in sorted(files):
        page = place_of(path)
        if not page.startswith("files/"):
            continue
        target = folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / path).read_text(encoding="utf-8")
        language = LANGUAGES.get(Path(path).suffix, "text")
        target.write_text(
            f"---\norphan: true\n---\n\n# `{path}`\n\n"
            f"{fence(text, language)}\n",
            encoding="utf-8",
        )


def fence(text: str, language: str) -> str:
    """Put code or text between fences that are longer than any inside."""
    runs = [len(run) for run in re.findall("`+", text)]
    marks = "`" * max(3, *(n + 1 for n in [*runs, 2]))
    return f"{marks}{language}\n{text.strip()}\n{marks}"
