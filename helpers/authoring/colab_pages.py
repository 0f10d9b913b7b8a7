"""Pages for Colab: each with a first cell that fetches and installs.

python -m helpers colab --repository OWNER/NAME --release v1.4.0 --out FOLDER

Colab opens a page of a repository on GitHub, and nothing beside it. So the
pages that it is to open lie on a branch of their own, ``colab``, to which a
workflow sends what this command writes. The pages of the course stay as they
are.
"""

import argparse
import os
import posixpath
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat

from helpers import course
from helpers.errors import CourseError
from helpers.paths import ROOT

BRANCH = "colab"
COLAB = "https://colab.research.google.com/github"
GITHUB = "https://github.com"

ABOUT = """\
**On Colab.** Run the cell below first. It fetches release {release} of the \
course, and installs the versions with which this page was made. If Colab then \
asks for a restart, restart, and run the cell again.

- Exercises, checkers, figures and training run as on your own machine, on a \
GPU too, if you choose one under *Runtime → Change runtime type*.
- A server of the page, such as TensorBoard or the service of chapter 09, runs \
on Colab's machine, which your browser cannot reach: its frame stays empty. \
For curves, use Colab's own `%load_ext tensorboard` and \
`%tensorboard --logdir ../runs`.
- Colab deletes its machine after a while. To keep your progress, download \
`runs/progress.jsonl`, and a copy of the page."""

SOURCE = """\
# fetch release {release} of the course, and install what it needs
import os
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path

folder = Path("/content/{name}-{version}")
if not (folder / ".ready").exists():
    address = "{github}/{repository}/archive/refs/tags/{release}.tar.gz"
    print("fetching", address)
    archive, _ = urllib.request.urlretrieve(address)
    with tarfile.open(archive) as files:
        files.extractall(folder.parent, filter="data")
    install = [sys.executable, "-m", "helpers", "install", "--colab"]
    subprocess.run(install, cwd=folder, check=True)
    (folder / ".ready").touch()
sys.path.insert(0, str(folder))
os.chdir(folder / "notebooks")
print("Ready. Go on with the next cell.")
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages for Colab; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers colab",
        description="Write each page with a first cell that sets it up on "
        "Colab.",
    )
    parser.add_argument(
        "--repository",
        default=os.environ.get("GITHUB_REPOSITORY"),
        help="OWNER/NAME on GitHub; by default what GITHUB_REPOSITORY says",
    )
    parser.add_argument(
        "--release",
        default=os.environ.get("GITHUB_REF_NAME"),
        help="the tag to fetch; by default what GITHUB_REF_NAME says",
    )
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    options = parser.parse_args(arguments)
    try:
        n_pages = write_pages(options.repository, options.release, options.out)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{n_pages} pages in {options.out}")
    return 0


def write_pages(repository: str | None, release: str | None, out: Path) -> int:
    """Write every page of the course with its first cell.

    Args:
        repository: "OWNER/NAME" on GitHub.
        release: the tag that the first cell fetches, such as "v1.4.0".
        out: a folder; what it holds under the same names is replaced.

    Returns:
        How many pages were written.

    Raises:
        CourseError: the repository or the release is not named, or not as
            GitHub names them.
    """
    repository, release = repository or "", release or ""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise CourseError(
            f"The repository is {repository!r}, and should be OWNER/NAME as on "
            "GitHub: name it with --repository."
        )
    if not re.fullmatch(r"v?\d+(\.\d+)+", release):
        raise CourseError(
            f"The release is {release!r}, and should be a tag such as v1.4.0: "
            "name it with --release."
        )
    for page in course.all_pages():
        notebook = nbformat.read(page.path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = _absolute_links(
                    cell.source, page.file, repository, release
                )
        notebook.cells[:0] = _first_cells(repository, release)
        target = out / page.file
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)
    return len(course.all_pages())


def _first_cells(repository: str, release: str) -> list[nbformat.NotebookNode]:
    """Return the cells that stand above a page."""
    words = {
        "repository": repository,
        "release": release,
        "github": GITHUB,
        # what GitHub calls the folder in an archive of a tag
        "name": repository.partition("/")[2],
        "version": release.removeprefix("v"),
    }
    return [
        nbformat.v4.new_markdown_cell(ABOUT.format(**words), id="colab-about"),
        nbformat.v4.new_code_cell(SOURCE.format(**words), id="colab-set-up"),
    ]


def _absolute_links(text: str, file: str, repository: str, release: str) -> str:
    """Turn links to files of the course into addresses.

    A page leads to its form for Colab, everything else to the release.
    """
    folder = posixpath.dirname(f"notebooks/{file}")
    pages = {f"notebooks/{page.file}": page.file for page in course.all_pages()}

    def absolute(found: re.Match) -> str:
        link, mark, anchor = found[1].partition("#")
        path = posixpath.normpath(posixpath.join(folder, link))
        if path in pages:
            to = f"{COLAB}/{repository}/blob/{BRANCH}/{pages[path]}"
        elif (ROOT / path).exists():
            to = f"{GITHUB}/{repository}/blob/{release}/{path}"
        else:
            return found[0]
        return f"]({to}{mark}{anchor})"

    return re.sub(r"\]\(((?!\w+:|#)[^)\s]+)\)", absolute, text)
