"""The texts of ``docs/``, as pages of the site."""

import re
from pathlib import Path

from helpers.course import anchor
from helpers.paths import ROOT
from helpers.site.links import DOCUMENTS, lead_links


def write(folder: Path, files: set[str]) -> None:
    """Write a page for each text.

    Args:
        folder: where Sphinx reads.
        files: gains the files of the repository that a text links to.
    """
    for path, page in DOCUMENTS.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        text = lead_links(_with_anchors(text), page, files, folder="docs")
        (folder / page).write_text(text, encoding="utf-8")


def _with_anchors(text: str) -> str:
    """Lead links within a text to the anchors of the site, not of GitHub."""
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    anchors = {h.lower().replace(" ", "-"): anchor(h) for h in headings}
    return re.sub(
        r"\]\(#([^)]+)\)", lambda link: f"](#{anchors[link[1]]})", text
    )
