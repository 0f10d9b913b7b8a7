"""README, docs/ and CONTRIBUTING: links lead somewhere, commands run."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from helpers import __main__ as command_line
from helpers.authoring import front_page
from tests.tools import ROOT

DOCS = ROOT / "docs"
TEXTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))]
every_text = pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def blocks(path: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language, in their order."""
    text = path.read_text("utf-8")
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", text)


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a text."""
    found = re.findall(r"(?m)^#+ (.*)$", path.read_text("utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in found
    }


@every_text
def test_links_lead_somewhere(path):
    text = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", path.read_text("utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


@every_text
def test_commands_that_are_named_exist(path):
    text = path.read_text("utf-8")
    for target in re.findall(r"(?m)(?:`|^)make ([a-z-]+)\b", text):
        assert re.search(rf"(?m)^{target}:", MAKEFILE), target
    for command in re.findall(r"-m helpers ([a-z-]+)", text):
        assert command in command_line.COMMANDS, command


def test_jupyterlab_is_started_as_make_does():
    recipe = MAKEFILE.partition("\nlab:")[2].partition("\n\n")[0]
    options = set(re.findall(r"--\w+\.\w+=\S+", recipe)) - {
        "--ServerApp.ip=127.0.0.1"  # `jupyter lab` calls it --ip
    }
    assert len(options) == 2
    lines = re.findall(
        r"(?m)^jupyter lab .*$", (DOCS / "setup.md").read_text("utf-8")
    )
    assert len(lines) >= 3
    for line in lines:
        assert set(line.split()[2:]) == {"--ip=127.0.0.1", *options}


def test_every_command_of_make_is_listed():
    told = (DOCS / "commands.md").read_text("utf-8")
    for target in ("lab", "test", "lint", "bench", "torture", "browser"):
        assert f"| `make {target}` |" in told


# -------------------------------------------------------------- the front page


def test_the_tables_are_those_of_the_course():
    for path, text in front_page.texts().items():
        said = f"{path.name} is stale: python -m helpers readme"
        assert path.read_text("utf-8") == text, said


@pytest.mark.parametrize("marks", [front_page.CHAPTERS, front_page.TIMES])
def test_a_text_without_its_marks_is_refused(marks):
    whole = f"before\n{marks[0]}\nold\n{marks[1]}\nafter"
    made = front_page.with_table(whole, marks, "new")
    assert made == f"before\n{marks[0]}\n\nnew\n\n{marks[1]}\nafter"
    for mark in marks:
        with pytest.raises(ValueError, match="lost its marks"):
            front_page.with_table(whole.replace(mark, ""), marks, "new")


@pytest.fixture(scope="module")
def run():
    return front_page.train_line()


def numbers(svg: str) -> np.ndarray:
    """Return every number in the drawing; the words around them are compared.

    They have one digit after the point, which may round either way.
    """
    return np.array(re.findall(r"-?\d+\.\d+", svg), dtype=float)


def test_the_picture_is_the_training_run(run):
    stored = front_page.PICTURE.read_text("utf-8")
    drawn = front_page.draw_training(run)
    pattern = r"-?\d+\.\d+"
    assert re.sub(pattern, "N", stored) == re.sub(pattern, "N", drawn)
    assert np.abs(numbers(stored) - numbers(drawn)).max() < 0.11


def test_the_line_is_learned(run):
    x = np.column_stack([run.x, np.ones_like(run.x)])
    (weight, bias), *_ = np.linalg.lstsq(x, run.y, rcond=None)
    assert np.allclose(run.lines[-1], (bias, weight), atol=0.1)
    assert run.losses == sorted(run.losses, reverse=True)


def test_the_picture_can_stand_on_github():
    text = front_page.PICTURE.read_text("utf-8")
    assert len(text) < 60_000  # bytes
    root = ElementTree.fromstring(text)
    namespace = "{http://www.w3.org/2000/svg}"
    frames = root.findall(f"{namespace}g[@class='f']")
    assert len(frames) == len(front_page.EPOCHS)
    assert "script" not in text and "href" not in text and "url(" not in text
    # a card of its own: legible in a light and in a dark page
    assert root.find(f"{namespace}rect").get("width") == root.get("width")
    # moves only where that is welcome; elsewhere the last frame stands
    style = root.find(f"{namespace}style").text
    still, _, moving = style.partition("@media")
    assert moving.startswith(" (prefers-reduced-motion:no-preference)") or (
        moving.startswith("(prefers-reduced-motion:no-preference)")
    )
    assert "animation" not in still
    assert f"#f{len(frames) - 1}{{visibility:visible}}" in still


def test_the_words_beside_the_picture_are_true(run):
    readme = (ROOT / "README.md").read_text("utf-8")
    alt = re.search(r"!\[(.*?)\]\(docs/training\.svg\)", readme)[1]
    first, last = run.losses[0], run.losses[-1]
    assert f"falls from {first:.1f} to {last:.3f}" in alt
    assert f"{len(run.x)} points" in alt


# ---------------------------------------------------------------- for teachers


def shell(script: str, folder: Path) -> subprocess.CompletedProcess:
    bin_folder = Path(sys.executable).parent
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            **dict.fromkeys(
                ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "A teacher"
            ),
            **dict.fromkeys(
                ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "me@example.org"
            ),
        },
        capture_output=True,
        text=True,
        timeout=250,
    )


needs_git = pytest.mark.skipif(
    os.name != "posix" or not shutil.which("git") or not shutil.which("bash"),
    reason="needs git and bash",
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Return a clone whose origin stays as it is."""
    folder = tmp_path_factory.mktemp("class")
    steps = (
        ["clone", "--quiet", "--bare", str(ROOT), "origin"],
        ["clone", "--quiet", "origin", "course"],
    )
    for step in steps:
        done = subprocess.run(
            ["git", *step], cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"this folder cannot be cloned: {done.stderr}")
    return folder / "course"


@needs_git
def test_what_teachers_type_works(clone):
    """Every block of the text, one after another, and what it promises."""
    doctor, handout, smaller, keep, collect = blocks(DOCS / "teaching.md", "sh")
    branch = shell("git branch --show-current", clone).stdout.strip()
    solved = '{"solved": "01.1", "on": "2026-01-31"}\n'
    (clone / "collected").mkdir()
    (clone / "collected" / "anna.jsonl").write_text(solved)

    assert doctor.split() == ["python", "-m", "helpers", "doctor"]

    done = shell(handout, clone)
    assert done.returncode == 0, done.stderr
    pages = list((clone / "notebooks").rglob("*.ipynb"))
    assert len(pages) > 20
    assert not any("_solution" in page.name for page in pages)
    for page in pages:
        text = page.read_text("utf-8")
        assert '"output_type"' not in text, page.name
    shell(f"git switch --quiet {branch}", clone)

    page = clone / "notebooks" / "01_higher_order_functions.ipynb"
    text = page.read_text("utf-8")
    assert '"output_type"' in text and "make_line" in text
    page.write_text(text.replace("make_line", "my_answer"), "utf-8")
    done = shell(smaller, clone)
    assert done.returncode == 0, done.stderr
    answered = page.read_text("utf-8")
    assert '"output_type"' not in answered and "my_answer" in answered

    done = shell(keep, clone)
    assert done.returncode == 0, done.stderr
    assert page.read_text("utf-8") == text
    assert (clone / "answers" / page.name).read_text("utf-8") == answered

    done = shell(collect, clone)
    assert done.returncode == 0, done.stderr
    assert re.search(r"(?m)^anna +1 of \d+", done.stdout)
    assert (clone / "class.csv").read_text().count("2026-01-31") == 1
