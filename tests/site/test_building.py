"""The site as a whole, built with the network off.

Its tools are packages in an environment of their own, which `make site` makes.
Where they were never installed, these tests are skipped.
"""

import html
import json
import os
import re
import subprocess
import sys

import pytest

from helpers.course import NOTEBOOKS, parts, reading_order, references
from helpers.errors import CourseError
from helpers.measuring.own_environment import find_environment
from helpers.practice.exercises import all_exercises
from helpers.practice.quiz import load_quiz
from helpers.site import command, looking, pages
from tests.tools import ROOT

PYTHON = find_environment("site", command.PINS)
pytestmark = [
    pytest.mark.skipif(
        PYTHON is None, reason="the site's tools are missing: make site"
    ),
    pytest.mark.timeout(600),
]
# Every process of the build reads this first. Where Linux allows it, the build
# also runs without any network device.
NO_NETWORK = """
import socket

def refused(*_, **__):
    raise OSError("the network is off")

socket.socket.connect = socket.socket.connect_ex = refused
socket.getaddrinfo = socket.create_connection = refused
"""


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """Run Python with the network off: a command, and its environment."""
    guard = tmp_path_factory.mktemp("guard")
    (guard / "sitecustomize.py").write_text(NO_NETWORK)
    unshare = ["unshare", "--net", "--map-root-user"]
    try:
        done = subprocess.run([*unshare, "true"], capture_output=True)
        allowed = done.returncode == 0
    except FileNotFoundError:
        allowed = False
    prefix = unshare if allowed else []
    return prefix, {**os.environ, "PYTHONPATH": str(guard)}


@pytest.fixture(scope="module")
def site(tmp_path_factory, offline):
    out = tmp_path_factory.mktemp("site") / "html"
    prefix, environment = offline
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "helpers", "site", "--out", str(out)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "is where the site begins" in done.stdout
    return out


def html_of(site, notebook):
    return site / notebook.relative_to(NOTEBOOKS).with_suffix(".html")


def test_the_network_was_off(offline):
    prefix, environment = offline
    code = "import socket; socket.create_connection(('127.0.0.1', 1))"
    for python in (sys.executable, str(PYTHON)):
        done = subprocess.run(
            [*prefix, python, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert "the network is off" in done.stderr


def test_nothing_is_wrong_with_it(site):
    # requests of other hosts, dead links, pictures without words, the size
    assert looking.faults_of(site, command.LARGEST) == []


def test_every_page_and_part_is_in_the_contents(site):
    first = (site / "index.html").read_text("utf-8")
    for title in parts().values():
        assert html.escape(title) in first
    for page in (*reading_order(), *references()):
        assert f'href="{page.file.replace(".ipynb", ".html")}"' in first
    texts = ("setup.html", "commands.html", "teaching.html")
    for name in ("faults.html", "helpers/index.html", *texts):
        assert f'href="{name}"' in first


def test_the_way_on_is_that_of_the_course_and_has_no_solution(site):
    names = [page.file.replace(".ipynb", ".html") for page in reading_order()]
    found, name = [], "index.html"
    while name and name not in found:
        found.append(name)
        text = (site / name).read_text("utf-8")
        after = re.search(r'class="next-page" href="([^"]+)"', text)
        folder = os.path.dirname(name)
        name = after and os.path.normpath(os.path.join(folder, after[1]))
    assert found[1 : len(names) + 1] == names
    assert not any("solution" in one for one in found)


def test_a_solution_says_so_and_is_not_found_by_searching(site):
    index = (site / "searchindex.js").read_text("utf-8")
    index = json.loads(index[index.index("(") + 1 : index.rindex(")")])
    assert "05_evaluation" in index["docnames"]
    solutions = [path for path, is_one in pages.sources() if is_one]
    for path in solutions:
        text = html_of(site, path).read_text("utf-8")
        assert "<title>Solution: challenge" in text
        name = html_of(site, path).relative_to(site).with_suffix("")
        place = index["docnames"].index(name.as_posix())
        assert index["titles"][place] == ""
        found_by = [
            term
            for term, places in index["terms"].items()
            if place in (places if isinstance(places, list) else [places])
        ]
        assert not found_by


def test_quizzes_answer_without_a_kernel(site):
    for page in reading_order():
        name = page.key if page.kind != "challenge" else None
        if name in (None, "00"):
            continue
        text = html_of(site, page.path).read_text("utf-8")
        assert "show_quiz(" not in re.sub("<[^>]+>", "", text)
        for number, question in enumerate(load_quiz(name).questions, start=1):
            start = text.index(f"Question {number}.")
            part = text[start:].split("Question ")[1]
            assert part.count("<details") >= len(question.options)
            assert part.count("✓ Right.") == 1


def test_exercises_have_their_folds(site):
    by_page = {page.key: page.path for page in reading_order()}
    texts = {
        key: html_of(site, path).read_text("utf-8")
        for key, path in by_page.items()
    }
    for entry in all_exercises():
        text = texts[entry.page]
        assert html.escape(entry.name) in text or entry.title in text
        assert "run its cell, then this one" not in text
    for page in reading_order():
        n = sum(entry.page == page.key for entry in all_exercises())
        if page.kind == "chapter":
            assert texts[page.key].count("<summary>A solution</summary>") == n


def test_what_a_page_stores_is_there(site):
    n_alts = n_folded = n_formulas = 0
    for path, _ in pages.sources():
        text = html_of(site, path).read_text("utf-8")
        cells = json.loads(path.read_text("utf-8"))["cells"]
        stored = json.dumps([cell.get("outputs") for cell in cells])
        for alt in re.findall(r'<img alt=\\"(.*?)\\"', stored):
            assert json.loads(f'"{alt}"') in text
            n_alts += 1
        n_hidden = sum("jupyter" in cell["metadata"] for cell in cells)
        assert text.count("hide below-input") == n_hidden
        n_folded += n_hidden
        n_formulas += text.count("<math")
        assert "\\frac" not in text
    assert n_alts > 100 and n_folded > 90 and n_formulas > 50


def test_the_reference_has_every_version_with_its_source(site):
    for room in ("model_training", "model_configuration", "data_preparation"):
        text = (site / "helpers" / f"{room}.html").read_text("utf-8")
        folder = ROOT / "helpers" / room
        n_versions = len(list(folder.glob("v*.py")))
        assert text.count("<summary>Source</summary>") == n_versions
    assert not (site / "helpers" / "check.html").exists()


def test_a_link_that_leads_nowhere_stops_the_build(tmp_path):
    copies = tmp_path / "pages"
    copies.mkdir()
    (copies / "index.md").write_text("# A\n\n[there](#There)\n\n## There\n")
    command.run_sphinx(PYTHON, copies, tmp_path / "good")
    assert (tmp_path / "good" / "index.html").exists()
    (copies / "index.md").write_text("# A\n\n[there](#Away) $\\wrong$\n")
    with pytest.raises(CourseError) as error:
        command.run_sphinx(PYTHON, copies, tmp_path / "bad")
    assert "Away" in str(error.value) and "wrong" in str(error.value)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CourseError, match="not a site of the course"):
        command.build(tmp_path, PYTHON)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_the_parts_of_a_page_have_names(site):
    text = (site / "05_evaluation.html").read_text("utf-8")
    for role in ("heading", "main"):
        assert f'role="{role}"' in text
    assert 'role="heading">' not in text  # a heading needs a level
    names = re.findall('<aside class="[^"]*" aria-label="([^"]+)"', text)
    assert names == ["Contents", "On this page"]


def test_what_scrolls_can_be_reached_by_keyboard(site):
    found = set()
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        for tag in re.findall("<(?:pre|div) [^>]*>", text):
            if "overflow-x: auto" in tag or 'class="table-wrapper' in tag:
                assert 'tabindex="0"' in tag, path.name
                found.add(re.split("[ ;]", tag)[0] + ("table" in tag) * " t")
    assert found == {"<pre", "<div", "<div t"}
