"""The notebooks as files: what has to hold without running them."""

import html
import re
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
PAGES = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
NAMES = [page.name for page in PAGES]
# the pages, and the challenges and quizzes beside them
EVERY = sorted(
    path
    for path in NOTEBOOKS.rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)
IGNORED = Path(__file__).with_name("ignored_outputs.toml")

TAGS = {"raises-exception", "nbval-ignore-output", "no-stored-output"}
TAGS |= {"predict"}  # stored folded, as `execute_pages` does it
# What a reader does, in pages; and how a challenge is made of its solution.
PRACTICE = {"exercise", "quiz"}
CHALLENGE = {"task", "reasons"}
# What storing a page puts in: links, lists, the drawing of the pipeline.
NAVIGATION = "navigation"
MACHINE_PATH = re.compile(
    r"(/home/|/root/|/Users/|/work/|/tmp/|/private/var/|[A-Za-z]:\\\\?Users)"
)
# What the three versions at the end of each page are.
LADDER = {
    "00": (0, 0, 0),
    "01": (0, 1, 1),
    "02": (0, 1, 1),
    "03": (1, 1, 2),
    "04": (2, 1, 3),
    "05": (2, 2, 4),
    "06": (2, 2, 4),
    "07": (2, 3, 5),
    "08": (2, 3, 6),
    "09": (2, 3, 6),
    "10": (2, 3, 6),
    "11": (2, 3, 6),
    "12": (2, 3, 6),
    "13": (3, 4, 6),
    "14": (3, 5, 7),
    "15": (3, 6, 7),
    "16": (3, 6, 7),
    "17": (4, 8, 8),
    "18": (5, 9, 9),
    "19": (5, 9, 9),
}

every_page = pytest.mark.parametrize("path", PAGES, ids=NAMES)
every_notebook = pytest.mark.parametrize(
    "path", EVERY, ids=[path.name for path in EVERY]
)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(page):
    return [cell for cell in page.cells if cell.cell_type == "code"]


def is_navigation(cell):
    return NAVIGATION in cell.metadata.get("tags", [])


def markdown(page):
    """Give the text of a page, without what storing it puts in."""
    return [
        cell.source
        for cell in page.cells
        if cell.cell_type == "markdown" and not is_navigation(cell)
    ]


def data_of(page):
    """Give every bundle of output data with its metadata."""
    for cell in code_cells(page):
        for output in cell.outputs:
            if "data" in output:
                yield output.data, output.metadata


def test_eleven_pages_in_order():
    assert [name[:2] for name in NAMES] == list(LADDER)


@every_notebook
def test_executed_in_order_from_a_fresh_kernel(path):
    # a count of None would keep nbval from comparing the cell at all
    counts = [cell.execution_count for cell in code_cells(read(path))]
    assert counts == list(range(1, len(counts) + 1))


@every_notebook
def test_valid_with_unique_ids_and_the_common_kernel(path):
    page = read(path)
    nbformat.validate(page)
    assert (page.nbformat, page.nbformat_minor) == (4, 5)
    ids = [cell.id for cell in page.cells]
    assert len(set(ids)) == len(ids)
    assert page.metadata.kernelspec.name == "python3"
    assert page.metadata.language_info == {"name": "python"}
    assert "widgets" not in page.metadata
    for cell in page.cells:
        folded = "predict" in cell.metadata.get("tags", [])
        known = {"tags", "jupyter"} if folded else {"tags"}
        assert set(cell.metadata) <= known, cell.metadata
        if folded:
            assert cell.metadata.jupyter == {"outputs_hidden": True}
        allowed = TAGS | PRACTICE | {NAVIGATION}
        if path.parent.name == "challenges":
            allowed |= CHALLENGE
        assert set(cell.metadata.get("tags", [])) <= allowed


@every_notebook
def test_nothing_of_a_machine_and_no_widget(path):
    text = path.read_text(encoding="utf-8")
    found = MACHINE_PATH.search(text)
    assert not found, text[max(0, found.start() - 80) : found.end() + 40]
    assert "widget-view" not in text
    assert "widget-state" not in text
    assert not re.search(r"device='?(cuda|mps)", text)
    assert not re.search(r" at 0x[0-9a-f]{6,}", text)


@every_notebook
def test_no_image_from_elsewhere(path):
    page = read(path)
    shown = [
        text
        for data, _ in data_of(page)
        for kind, text in data.items()
        if kind in ("text/html", "text/markdown")
    ]
    for source in markdown(page) + shown:
        assert not re.search(r"!\[[^]]*\]\(https?:", source)
        assert not re.search(r"<img[^>]+src=.?https?:", source)
        assert not re.search(r"!\[\]\(", source), "an image without alt text"


@every_notebook
def test_every_figure_has_its_alt_text(path):
    for data, _ in data_of(read(path)):
        text = data["text/plain"]
        if text.startswith("Figure: "):
            alt = text.removeprefix("Figure: ")
            assert len(alt) > 30
            assert f'<img alt="{html.escape(alt)}" ' in data["text/html"]
        # JupyterLab shows these without any alternative text
        assert not set(data) & {"image/png", "image/jpeg", "image/svg+xml"}


@every_notebook
def test_no_cell_draws_by_hand(path):
    for cell in code_cells(read(path)):
        assert "pyplot" not in cell.source
        assert "plots.show(" not in cell.source
        drawing = [
            line for line in cell.source.splitlines() if "plots." in line
        ]
        assert len(drawing) <= 1, cell.source


@every_page
def test_there_is_a_figure_in_the_first_third(path):
    has_figure = [
        any(
            o.get("data", {}).get("text/plain", "").startswith("Figure: ")
            for o in c.get("outputs", [])
        )
        for c in read(path).cells
    ]
    assert any(has_figure[: len(has_figure) // 3 + 1])


@every_notebook
def test_no_code_cell_is_long(path):
    for cell in code_cells(read(path)):
        lines = cell.source.splitlines()
        assert len(lines) <= 25, cell.source
        assert max(map(len, lines)) <= 80, cell.source


def is_practice(cell):
    return bool(PRACTICE & set(cell.metadata.get("tags", [])))


def is_told(cell):
    return not is_practice(cell) and not is_navigation(cell)


def n_words(markdown):
    """Count the words of a cell, without its markup."""
    return len(re.sub(r"<[^>]*>", " ", markdown).split())


@every_page
def test_cells_and_words_within_the_budget(path):
    """What is read; exercises and quiz are done, and counted below."""
    told = [cell for cell in read(path).cells if is_told(cell)]
    words = sum(
        n_words(cell.source) for cell in told if cell.cell_type == "markdown"
    )
    assert 700 <= words <= 2300
    assert 20 <= len(told) <= 60


@every_page
def test_exercises_are_short(path):
    """A statement is read at once; so is what is folded away below it."""
    for cell in filter(is_practice, read(path).cells):
        if cell.cell_type == "markdown":
            assert n_words(cell.source) <= 240, cell.source
            statement = cell.source.partition("<details>")[0]
            assert n_words(statement) <= 140, cell.source


@every_notebook
def test_errors_are_meant_and_short(path):
    for cell in code_cells(read(path)):
        errors = [o for o in cell.outputs if o.output_type == "error"]
        tagged = "raises-exception" in cell.metadata.get("tags", [])
        assert bool(errors) == tagged, cell.source
        for error in errors:
            assert error.traceback == [f"{error.ename}: {error.evalue}"]


@every_notebook
def test_no_noise_is_stored(path):
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            assert output.get("name") != "stderr", output.text


@every_page
def test_aims_first_and_the_same_number_last(path):
    texts = markdown(read(path))
    first, last = texts[0], texts[-1]
    assert first.startswith(f"# {path.name[:2]} · ")
    assert "**You will**" in first
    assert re.search(r"About \d+ minutes(, .+)?\. Before this: ", first)
    aims = re.findall(r"(?m)^- ", first)
    assert 3 <= len(aims) <= 5
    recap = last.partition("## What you learned")[2]
    assert len(re.findall(r"(?m)^- ", recap)) == len(aims)


@every_page
def test_the_pipeline_at_the_end(path):
    page = read(path)
    versions = LADDER[path.name[:2]]
    stages = ("data_preparation", "model_configuration", "model_training")
    code = "\n".join(cell.source for cell in code_cells(page))
    said = "The pipeline is at data preparation **v{}**, model configuration "
    said += "**v{}**, model training **v{}**"
    assert said.format(*versions) in markdown(page)[-1]
    for stage, version in zip(stages, versions, strict=True):
        assert f"from helpers.{stage} import v{version} as {stage}" in code
    assert any("## The pipeline now" in text for text in markdown(page))


@every_page
def test_the_last_cell_leads_on(path):
    following = NAMES[(NAMES.index(path.name) + 1) % len(NAMES)]
    assert f"({following})" in markdown(read(path))[-1]


@every_notebook
def test_links_between_files_lead_somewhere(path):
    cells = read(path).cells
    for source in [c.source for c in cells if c.cell_type == "markdown"]:
        prose = re.sub(r"```.*?```|`[^`]*`", "", source, flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)", prose):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), target


def test_ignored_outputs_are_listed_with_a_reason():
    listed = tomllib.loads(IGNORED.read_text(encoding="utf-8"))["cell"]
    tagged = [
        (path.name, cell.source)
        for path in EVERY
        for cell in code_cells(read(path))
        if "nbval-ignore-output" in cell.metadata.get("tags", [])
    ]
    for name, source in tagged:
        assert any(
            entry["page"] == name and source.startswith(entry["begins"])
            for entry in listed
        ), f"not listed: {name}: {source}"
    for entry in listed:
        assert len(entry["reason"]) > 20
        assert any(
            entry["page"] == name and source.startswith(entry["begins"])
            for name, source in tagged
        ), f"listed, and not there: {entry}"
    assert len(tagged) <= 5, "few cells may go uncompared"


# ------------------------------------------------------------- unsafe things

# Written so that no pattern fits itself.
WARNED_OF = (r"weights_only\s*=\s*False", r"\bpickle\.loads?\s*\(")
FORBIDDEN = (r"\bshell\s*=\s*True", r"\b0\.0\.0[.]0\b")


def texts():
    """Give the name, the code and the prose of every file of the project."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if not path.is_file() or any(
            part.startswith(".") and part != ".ci" for part in parts
        ):
            continue
        if parts[0] == "runs" or "egg-info" in parts[0]:
            continue
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".ipynb":
            page = read(path)
            code = "\n".join(cell.source for cell in code_cells(page))
            yield name, code, "\n".join(markdown(page))
        elif path.suffix == ".md":
            yield name, "", path.read_text(encoding="utf-8")
        elif path.suffix in (".py", ".toml", ".yml", ".cfg", "") and (
            path.suffix or path.name in ("Makefile", "run")
        ):
            yield name, path.read_text(encoding="utf-8"), ""


def test_no_unsafe_construct():
    seen = 0
    for name, code, prose in texts():
        seen += 1
        for word in FORBIDDEN:
            assert not re.search(word, code + prose), f"{word} in {name}"
        for word in WARNED_OF:
            assert not re.search(word, code), f"{word} in {name}"
    assert seen > 50
