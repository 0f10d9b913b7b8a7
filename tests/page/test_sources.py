"""Sources and differences show code first."""

import importlib
import itertools
import sys

import pytest

from helpers.page.sources import show_difference, show_source
from tests.page.parsed_html import assert_safe
from tests.tools import ROOT

LADDERS = (
    "data_preparation",
    "model_configuration",
    "model_training",
    "mini_batch",
)
STEPS = [
    (stage, before, after)
    for stage in LADDERS
    for before, after in itertools.pairwise(
        sorted(path.stem for path in (ROOT / "helpers" / stage).glob("v*.py"))
    )
]


def module(name: str):
    return importlib.import_module(f"helpers.{name}")


@pytest.fixture
def make_module(tmp_path, monkeypatch):
    """Write modules v0, v1 into a package of their own, and import them."""

    def make(name: str, source: str):
        folder = tmp_path / "some_stage"
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        return importlib.import_module(f"some_stage.{name}")

    yield make
    for name in [name for name in sys.modules if name.startswith("some_stage")]:
        del sys.modules[name]


BEFORE = '''"""Version 0."""
import os


def f(x):
    """Return x."""
    a = 1
    b = 2
    c = 3
    d = 4
    e = 5
    g = 6
    h = 7
    return x  # [N, 1]
'''
AFTER = (
    BEFORE.replace("Version 0", "Version 1")
    .replace("import os", "import sys")
    .replace("a = 1", 'a = "if <b>"')
    .replace("return x  #", "return -x  #")
)


def test_a_difference_as_text(make_module):
    shown = show_difference(make_module("v0", BEFORE), make_module("v1", AFTER))
    assert str(shown.text) == repr(shown)
    code, _, rest = repr(shown).partition("\n\nImports and docstrings:\n")
    assert code.splitlines() == [
        "some stage v0 → v1",
        "  def f(x):",
        "-     a = 1",
        '+     a = "if <b>"',
        "      b = 2",
        "      c = 3",
        "...",
        "      g = 6",
        "      h = 7",
        "-     return x  # [N, 1]",
        "+     return -x  # [N, 1]",
    ]
    assert rest.splitlines() == [
        '- """Version 0."""',
        "- import os",
        '+ """Version 1."""',
        "+ import sys",
    ]


def test_a_difference_in_a_page(make_module):
    shown = show_difference(make_module("v0", BEFORE), make_module("v1", AFTER))
    page = assert_safe(shown._repr_html_())
    assert '+     a = "if <b>"\n' in page.text
    folded = [text for way, text in page.texts if "details" in way]
    assert "- import os\n" in folded
    assert not any("return" in text for text in folded)
    assert "@@" not in page.text and "..." not in page.text
    for block in page.find("pre") + page.find("code"):
        assert "monospace" in block["style"]
        assert "white-space: pre" in block["style"]
    # a keyword in a string is none
    bold = [text for way, text in page.texts if way[-2:] == ("span", "span")]
    assert "return" in bold and "if" not in bold


def test_the_same_code_under_other_words(make_module):
    other = BEFORE.replace("Return x", "Give x back")
    shown = show_difference(make_module("v0", BEFORE), make_module("v1", other))
    assert "The code is the same." in repr(shown)
    assert "The code is the same." in assert_safe(shown._repr_html_()).text


def test_no_fold_where_nothing_else_changed(make_module):
    other = BEFORE.replace("a = 1", "a = 2")
    shown = show_difference(make_module("v0", BEFORE), make_module("v1", other))
    assert "Imports" not in repr(shown)
    assert not assert_safe(shown._repr_html_()).find("details")


@pytest.mark.parametrize(("stage", "before", "after"), STEPS)
def test_every_step_of_the_ladders(stage, before, after):
    old, new = module(f"{stage}.{before}"), module(f"{stage}.{after}")
    shown = show_difference(old, new)
    title = f"{stage.replace('_', ' ')} {before} → {after}"
    assert repr(shown).startswith(f"{title}\n")
    code = repr(shown).partition("\n\nImports")[0]
    assert '"""' not in code and "import " not in code
    assert 3 <= len(code.splitlines()) <= 52
    assert title in assert_safe(shown._repr_html_()).text


def test_two_stages_are_both_named():
    shown = show_difference(
        module("mini_batch.v0"), module("model_training.v0")
    )
    assert repr(shown).startswith("mini batch v0 → model training v0\n")


def test_a_source_folds_its_docstring(make_module):
    shown = show_source(make_module("v0", BEFORE))
    assert repr(shown) == BEFORE.rstrip()
    page = assert_safe(shown._repr_html_())
    code, words = page.find("pre")
    assert "max-height" in code["style"]
    assert "overflow-y: auto" in code["style"]
    folded = [text for way, text in page.texts if "details" in way]
    assert '    """Return x."""\n' in folded
    assert "Docstring" in folded and words
    open_text = "".join(t for way, t in page.texts if "details" not in way)
    assert '"""Return' not in open_text and "def f(x):\n    a = 1" in open_text


def test_a_method_and_a_function_without_words():
    class Thing:
        def method(self):
            return 1

    page = assert_safe(show_source(Thing.method)._repr_html_())
    assert "return 1" in page.text and not page.find("details")
