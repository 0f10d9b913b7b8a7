"""Docstrings in Google style become Markdown that says the same."""

from helpers.site.docstrings import as_markdown, escaped

DOCSTRING = """Return a thing [n, 1].

    python -m helpers site

Args:
    x_batch: features, in metres; two
        lines of them.
    n (int): how many: all.

Returns:
    `yhat`, or *None*.

Raises:
    DataError: there is none.

Source: https://docs.pytorch.org/docs/stable/data.html.
"""


def test_sections_become_lists():
    said = as_markdown(DOCSTRING)
    assert r"Return a thing \[n, 1\]." in said
    assert "\n    python -m helpers site\n" in said  # code by its indentation
    assert "**Args**\n\n- `x_batch`: features, in metres; two\n" in said
    assert "  lines of them.\n- `n`: how many: all." in said
    assert "**Returns**\n\n`yhat`, or \\*None\\*." in said
    assert "- `DataError`: there is none." in said
    assert "<https://docs.pytorch.org/docs/stable/data.html>." in said
    assert ":\n    " not in said.replace("**", "")


def test_code_is_left_as_it_is():
    assert escaped("`a_b[0]` and a_b") == r"`a_b[0]` and a\_b"
    assert escaped("``x*`` < y") == r"``x*`` \< y"
