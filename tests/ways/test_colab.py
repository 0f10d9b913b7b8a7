"""Pages for Colab: the first cell runs against a server on this machine."""

import http.server
import io
import re
import sys
import tarfile
from pathlib import Path

import nbformat
import pytest

from helpers import course
from helpers.authoring import colab_pages
from helpers.errors import CourseError
from helpers.paths import ROOT
from tests.serving import serving
from tests.tools import assert_one_sentence

INSTALLS = """
import pathlib, sys
with pathlib.Path("installed").open("a") as file:
    print(*sys.argv[1:], file=file)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("colab")
    arguments = ["--repository", "OWNER/NAME", "--release", "v9.8.7"]
    assert colab_pages.main([*arguments, "--out", str(folder)]) == 0
    return folder


def test_every_page_is_written_below_its_first_cells(written):
    pages = {path.relative_to(written).as_posix() for path in
             written.rglob("*.ipynb")}  # fmt: skip
    assert pages == {page.file for page in course.all_pages()}
    for page in course.all_pages():
        notebook = nbformat.read(written / page.file, as_version=4)
        nbformat.validate(notebook)
        about, set_up, *others = notebook.cells
        assert about.source.startswith("**On Colab.**")
        assert "release v9.8.7" in about.source
        assert "OWNER/NAME/archive/refs/tags/v9.8.7.tar.gz" in set_up.source
        original = nbformat.read(page.path, as_version=4).cells
        assert [cell.id for cell in others] == [cell.id for cell in original]
        assert [cell.source for cell in others if cell.cell_type == "code"] == [
            cell.source for cell in original if cell.cell_type == "code"
        ]


def test_no_link_to_a_file_is_left(written):
    n_pages = n_files = 0
    for page in course.all_pages():
        text = (written / page.file).read_text("utf-8")
        for cell in nbformat.reads(text, as_version=4).cells:
            if cell.cell_type != "markdown":
                continue
            text = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", cell.source)
            for link in re.findall(r"\]\(([^)\s]+)\)", text):
                assert re.match(r"https?://|#", link), (page.file, link)
                if link.startswith(colab_pages.COLAB):
                    n_pages += 1
                    path = link.partition("/blob/colab/")[2].partition("#")[0]
                    assert (written / path).is_file(), link
                elif "/OWNER/NAME/blob/v9.8.7/" in link:
                    n_files += 1
                    path = link.partition("/v9.8.7/")[2].partition("#")[0]
                    assert (ROOT / path).exists(), link
    assert n_pages > 50 and n_files > 0


def test_links_keep_their_section():
    text = "[a](05_evaluation.ipynb#The-mean) [b](https://x.y/z) [c](#here)"
    made = colab_pages._absolute_links(
        text, "00_start_here.ipynb", "O/N", "v1.0"
    )
    assert made == (
        f"[a]({colab_pages.COLAB}/O/N/blob/colab/05_evaluation.ipynb#The-mean) "
        "[b](https://x.y/z) [c](#here)"
    )


# ----------------------------------------------------------- the first cell


@pytest.fixture
def github(tmp_path):
    """Serve a small release; return its address and how often it was asked."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as files:
        for name, text in {
            "NAME-9.8.7/helpers/__init__.py": "",
            "NAME-9.8.7/helpers/__main__.py": INSTALLS,
            "NAME-9.8.7/notebooks/marker": "here",
        }.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            files.addfile(entry, io.BytesIO(text.encode()))
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(archive.getvalue())

        def log_message(self, *_):
            pass

    with serving(Handler) as address:
        yield address, asked


def test_the_first_cell_fetches_and_installs_once(
    github, monkeypatch, tmp_path, capsys
):
    address, asked = github
    monkeypatch.setattr(colab_pages, "GITHUB", address)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    _, cell = colab_pages._first_cells("OWNER/NAME", "v9.8.7")
    source = cell.source.replace("/content", str(tmp_path))
    assert source != cell.source
    folder = tmp_path / "NAME-9.8.7"
    for _ in range(2):
        exec(compile(source, "cell", "exec"), {})
        assert Path.cwd() == folder / "notebooks"
        assert sys.path[0] == str(folder)
    assert asked == ["/OWNER/NAME/archive/refs/tags/v9.8.7.tar.gz"]
    assert (folder / "installed").read_text() == "install --colab\n"
    assert capsys.readouterr().out.count("Ready.") == 2


# ------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("repository", "release"),
    [
        (None, "v1.0"),
        ("a-name-alone", "v1.0"),
        ("a/b/c", "v1.0"),
        ('a/b"', "v1.0"),
        ("a/b", None),
        ("a/b", "main"),
        ("a/b", 'v1.0"'),
    ],
)
def test_what_is_no_address_is_refused(repository, release, tmp_path):
    with pytest.raises(CourseError) as raised:
        colab_pages.write_pages(repository, release, tmp_path)
    said = assert_one_sentence(raised.value)
    assert "--repository" in said or "--release" in said
    assert list(tmp_path.iterdir()) == []


def test_github_says_which_repository_and_release(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("GITHUB_REPOSITORY", "OWNER/OTHER")
    monkeypatch.setenv("GITHUB_REF_NAME", "v1.2")
    assert colab_pages.main(["--out", str(tmp_path)]) == 0
    assert "OWNER/OTHER" in (tmp_path / "00_start_here.ipynb").read_text(
        "utf-8"
    )
    monkeypatch.delenv("GITHUB_REPOSITORY")
    assert colab_pages.main(["--out", str(tmp_path)]) == 1
    assert "OWNER/NAME" in capsys.readouterr().err
