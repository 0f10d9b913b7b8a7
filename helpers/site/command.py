"""Build the site of the course: ``python -m helpers site``.

The executed pages are copied into a temporary folder, the copies made ready,
and Sphinx builds them in an environment of its own. Once that environment is
there, nothing is asked of the network.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from helpers.errors import CourseError
from helpers.measuring import own_environment
from helpers.paths import ROOT, display_path, missing_course
from helpers.site import (
    contents,
    documents,
    faults,
    links,
    looking,
    pages,
    reference,
)
from helpers.site.outputs import PICTURES

HERE = Path(__file__).parent
THEME = HERE / "theme"
PINS = HERE / "requirements.txt"
OUT = ROOT / "site"
LARGEST = 10_000_000  # bytes of the whole site
# Written into the folder of a site: only a folder with it is replaced.
MARK = ".course-site"
# What a built page has, and what it gets in its place.
_FINISH = (
    # tags that change nothing to be seen, and are a tenth of a page: code in
    # the colour of all code, and what keeps code within a line from wrapping
    (r'<span class="(?:n|p|w)">([^<]*)</span>', r"\1"),
    (
        r'<code class="docutils literal notranslate">'
        r'((?:<span class="pre">[^<]*</span>\s*)+)</code>',
        r'<code class="literal">\1</code>',
    ),
    (r'<span class="pre">([^<]*)</span>', r"\1"),
    # what a screen reader calls the parts of a page
    (r' role="heading">', ' role="heading" aria-level="2">'),
    (r'<aside class="sidebar-drawer"', r'\g<0> aria-label="Contents"'),
    (r'<aside class="toc-drawer[^"]*"', r'\g<0> aria-label="On this page"'),
    # what is wider or taller than its block is scrolled by keyboard as well
    (r'<(pre|div)( style="[^"]*overflow-x: auto)', r'<\1 tabindex="0"\2'),
    (r'<div class="table-wrapper', r'<div tabindex="0" class="table-wrapper'),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site; return 1 if something is wrong with it."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers site",
        description="Build the executed pages as a site of static HTML.",
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="its folder (default: site)"
    )
    options = parser.parse_args(arguments)
    if no_course := missing_course():
        parser.error(no_course)
    try:
        python = own_environment.make_environment("site", PINS, "site's tools")
        build(options.out, python)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    wrong = looking.faults_of(options.out, LARGEST)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    n_bytes = looking.size_of(options.out)
    first = display_path(options.out / "index.html")
    print(f"{first} is where the site begins ({n_bytes / 1e6:.1f} MB).")
    return int(bool(wrong))


def build(out: Path, python: Path) -> None:
    """Build the site in a folder; what was built there before is replaced.

    Args:
        out: the folder.
        python: of the environment that has Sphinx.

    Raises:
        CourseError: the folder holds something that is not a site, or Sphinx
            warns of something, such as a link that leads nowhere.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise CourseError(
            f"{display_path(out)} holds something that is not a site of the "
            "course. Name another folder with --out, or empty this one."
        )
    with tempfile.TemporaryDirectory() as folder:
        copies, built = Path(folder, "pages"), Path(folder, "html")
        write_copies(copies)
        run_sphinx(python, copies, built)
        shutil.copytree(copies / PICTURES, built / PICTURES)
        for page in built.rglob("*.html"):
            text = finished(page.read_text(encoding="utf-8"))
            page.write_text(text, encoding="utf-8")
        (built / MARK).touch()
        if out.exists():
            shutil.rmtree(out)
        shutil.move(built, out)


def run_sphinx(python: Path, copies: Path, built: Path) -> None:
    """Build HTML from what Sphinx reads; a warning is an error.

    Args:
        python: of the environment that has Sphinx.
        copies: a folder of pages, with an ``index``.
        built: the folder of the HTML; made if need be.

    Raises:
        CourseError: Sphinx warns of something; each warning has its line.
    """
    # one process: several would not tell when one of them fails
    command = [str(python), "-m", "sphinx", "-q", "-W", "--keep-going"]
    command += ["-b", "html", "-c", str(THEME), str(copies), str(built)]
    done = subprocess.run(
        [*command, "-d", str(copies.with_name("read"))],
        cwd=copies,
        capture_output=True,
        text=True,
        # the same site from the same pages, on any day
        env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).replace(f"{copies}/", "")
        raise CourseError(f"The site was not built.\n{said.strip()}")


def finished(text: str) -> str:
    """Return the HTML of a built page, lighter and with its parts named."""
    for pattern, kept in _FINISH:
        text = re.sub(pattern, kept, text)
    return text


def write_copies(folder: Path) -> None:
    """Write everything that Sphinx reads into a new folder."""
    folder.mkdir(parents=True)
    files: set[str] = set()
    pages.write(folder, files)
    documents.write(folder, files)
    links.write(folder, files)
    reference.write(folder, files)
    faults.write(folder)
    contents.write(folder)
