"""The first page of the site: what there is, and how to read it."""

from collections.abc import Iterable
from pathlib import Path

from helpers.course import Page, parts, reading_order, references
from helpers.site.links import DOCUMENTS

HEAD = """\
# Rethinking the training loop

You have a PyTorch training loop that works. This course makes it good, one idea
per chapter: functions that build functions, mini-batches, evaluation,
checkpoints that survive a kill, images, sweeps, speed, many processes.

These pages were executed, and every output on them is tested. Here you can
read, search, open hints and answer quizzes; nothing needs a network. To run the
code, change it and have your answers checked, get the repository of the course
and type `make lab`, which opens the same pages in JupyterLab.
[Setting up](setup.md) has every other way, [Commands](commands.md) what can be
typed, and [Teaching with this course](teaching.md) is for those who teach.
"""
REFERENCES = """\
## To look things up

{rows}
"""


def write(folder: Path) -> None:
    """Write the first page and the contents beside every page."""
    blocks = [HEAD]
    for number, title in parts().items():
        pages = [page for page in reading_order() if page.part == number]
        roman = "I" * number
        blocks += [
            f"## Part {roman}: {title}",
            _table(pages),
            _contents(f"Part {roman}", (page.file for page in pages)),
        ]
    others = [(p.title, p.file) for p in references() if p.path.exists()]
    others += [
        ("Faults that the checkers recognize", "faults.md"),
        ("The package `helpers`", "helpers/index.md"),
    ]
    rows = "\n".join(f"- [{title}]({file})" for title, file in others)
    blocks += [
        REFERENCES.format(rows=rows),
        _contents("To look things up", (file for _, file in others)),
        _contents("To use the course", DOCUMENTS.values()),
    ]
    text = "\n\n".join(blocks)
    (folder / "index.md").write_text(text, encoding="utf-8")


def _table(pages: Iterable[Page]) -> str:
    rows = ["| page | what you build | minutes |", "|---|---|---|"]
    rows += [
        f"| [{page.name}]({page.file}) | {page.builds} | {page.minutes or ''} |"
        for page in pages
    ]
    return "\n".join(rows)


def _contents(caption: str, files: Iterable[str]) -> str:
    names = "\n".join(file.rsplit(".", 1)[0] for file in files)
    return (
        f"```{{toctree}}\n:hidden:\n:maxdepth: 1\n:caption: {caption}\n\n"
        f"{names}\n```"
    )
