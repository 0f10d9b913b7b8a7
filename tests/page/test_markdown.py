"""Markdown, tables and frames hold in a page that nobody trusts."""

from helpers.page.markdown import as_html, folded, framed, markdown, table
from tests.page.parsed_html import assert_safe


def test_tags_stay_text():
    page = assert_safe(markdown("**bold** and <script>alert(1)</script>"))
    assert "<script>alert(1)</script>" in page.text
    assert page.find("strong")


def test_a_line_has_no_paragraph_and_two_keep_theirs():
    assert as_html("a `b`") == "a <code>b</code>"
    assert as_html("one\n\ntwo").count("<p>") == 2


def test_a_table_has_a_head_and_all_cells():
    page = assert_safe(table([["a", "1"], ["`b`", "<2>"]], ["name", "number"]))
    assert len(page.find("th")) == 2 and len(page.find("td")) == 4
    assert "<2>" in page.text and page.find("code")
    assert not assert_safe(table([["a"]])).find("th")


def test_a_frame_takes_its_colour():
    (frame,) = assert_safe(framed("<b>No.</b>", "#123456")).find("div")
    assert "5px solid #123456" in frame["style"]


def test_what_is_folded_has_a_line_that_opens_it():
    page = assert_safe(folded("Why < how", "<i>because</i>"))
    assert (("details", "summary"), "Why < how") in page.texts
    assert (("details", "i"), "because") in page.texts
