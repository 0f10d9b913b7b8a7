"""Copies of pages: what changes for a reader without a kernel."""

import base64
import io

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image, ImageChops

from helpers.course import all_pages
from helpers.page.pictures import Picture
from helpers.practice.verdict import NOT_STARTED, NOTHING_THERE, Verdict
from helpers.site import links, outputs, pages


def shown(html):
    return nbformat.v4.new_output("display_data", {"text/html": html})


def prepared(*cells, name="05_evaluation.ipynb"):
    page = new_notebook(cells=list(cells))
    files, pictures = set(), {}
    pages.prepare(page, name, files, pictures)
    return page, files, pictures


def test_the_output_of_a_prediction_is_folded():
    cell = new_code_cell(
        "1 + 1", metadata={"jupyter": {"outputs_hidden": True}}
    )
    page, *_ = prepared(cell)
    assert "hide-output" in page.cells[0].metadata["tags"]


def test_what_calls_a_kernel_is_left_out_and_its_output_stays():
    quiz = 'from helpers.practice.quiz import show_quiz\n\nshow_quiz("05")'
    page, *_ = prepared(
        new_code_cell(quiz, outputs=[shown("<p>Question 1</p>")]),
        new_code_cell("print(1)"),
    )
    first, second = page.cells
    assert "remove-input" in first.metadata["tags"]
    assert "Question 1" in first.outputs[0].data["text/html"]
    assert second.metadata["tags"] == []


def test_a_frame_has_words_in_its_place():
    cell = new_code_cell("show()", metadata={"tags": ["no-stored-output"]})
    page, *_ = prepared(cell)
    assert "TensorBoard" in page.cells[0].outputs[0].data["text/html"]


def test_links_of_navigation_are_left_to_the_site():
    cells = [new_markdown_cell("x", id=name) for name in pages.NAVIGATION]
    page, *_ = prepared(*cells, new_markdown_cell("text"))
    assert [cell.source for cell in page.cells] == ["text"]


def test_an_exercise_does_not_send_a_reader_to_a_cell_that_is_not_there():
    verdict = Verdict("Exercise 1", NOT_STARTED, "", (("", NOTHING_THERE),))
    html = outputs.prepared_html(verdict._repr_html_())
    assert "Exercise 1</b>" in html
    assert "cannot run code" in html
    assert "run its cell" not in html


def test_a_picture_becomes_a_file_with_the_same_pixels():
    buffer = io.BytesIO()
    drawn = Image.effect_mandelbrot((60, 40), (-2, -1, 1, 1), 50)
    drawn.convert("P").save(buffer, format="PNG")
    picture = Picture(buffer.getvalue(), "A set.", 30)
    html = picture._repr_mimebundle_()["text/html"]
    cell = new_code_cell("draw()", outputs=[shown(html)])
    page, _, pictures = prepared(cell, name="challenges/one.ipynb")
    ((name, content),) = pictures.items()
    said = page.cells[0].outputs[0].data["text/html"]
    assert f'src="../pictures/{name}"' in said
    assert 'alt="A set."' in said
    assert base64.b64encode(buffer.getvalue()).decode() not in said
    kept = Image.open(io.BytesIO(content)).convert("RGB")
    assert not ImageChops.difference(kept, drawn.convert("RGB")).getbbox()


def test_a_wide_table_scrolls_by_itself():
    html = outputs.prepared_html("<table><tr><td>1</td></tr></table>")
    assert html.startswith('<div class="scrolling"><table>')
    assert html.endswith("</table></div>")


@pytest.mark.parametrize(
    ("link", "led", "file"),
    [
        ("../helpers/pipeline/first_batches.py",
         "helpers/pipeline.md#helpers.pipeline.first_batches",
         "helpers/pipeline/first_batches.py"),
        ("../helpers/metrics.py", "helpers/metrics.md#helpers.metrics",
         "helpers/metrics.py"),
        ("../CONTRIBUTING.md", "files/CONTRIBUTING.md.md", "CONTRIBUTING.md"),
        ("08_checkpointing.ipynb#Who-calls%3F",
         "<08_checkpointing.ipynb#Who-calls?>", None),
        ("glossary.ipynb#cell-id=term-batch-norm",
         "<glossary.ipynb#batch-norm>", None),
        ("https://docs.pytorch.org/x.html", "https://docs.pytorch.org/x.html",
         None),
        ("5", "5", None),
    ],
)  # fmt: skip
def test_links_lead_to_what_the_site_has(link, led, file):
    page, files, _ = prepared(new_markdown_cell(f"See [this]({link})."))
    assert page.cells[0].source == f"See [this]({led})."
    assert files == ({file} if file else set())


def test_a_link_from_a_folder_below_leads_up():
    files = set()
    text = "[a](../../helpers/metrics.py)"
    led = links.lead_links(text, "challenges/one.ipynb", files)
    assert led == "[a](../helpers/metrics.md#helpers.metrics)"


def test_other_files_are_shown_as_text(tmp_path):
    links.write(tmp_path, {"CONTRIBUTING.md", "helpers/metrics.py"})
    (page,) = tmp_path.rglob("*.md")
    text = page.read_text()
    assert page.relative_to(tmp_path).as_posix() == "files/CONTRIBUTING.md.md"
    assert "orphan: true" in text
    # the fences inside end none of ours
    assert text.count("`" * 5) == 2 and "## A chapter" in text


def test_every_solution_is_found_and_named():
    found = [path for path, is_solution in pages.sources() if is_solution]
    n_challenges = sum(page.kind == "challenge" for page in all_pages())
    assert len(found) == n_challenges >= 3
    page = nbformat.read(found[0], as_version=4)
    pages.mark_solution(page)
    assert page.metadata["orphan"] and page.metadata["nosearch"]
    assert any(c.source.startswith("# Solution: ch") for c in page.cells)
