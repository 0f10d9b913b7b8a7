"""Every diagnosis has words, no words are unused, and links lead somewhere.

Diagnoses are collected from the source: the keys of tables of signs, and what
`wrong` is called with, in a checker and in what it imports of `helpers.check`
and `helpers.practice`.
"""

import ast
import functools
import importlib
import re
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from helpers.course import find_page
from helpers.practice.checkers import CHECKERS
from helpers.practice.exercises import all_exercises, read_exercise
from helpers.practice.judging import judge_answer
from helpers.practice.signs import Wrong
from helpers.practice.words import (
    _PLACE,
    CHECK,
    FIELDS,
    SHARED,
    Section,
    Words,
    fill,
    read_words,
)
from tests.tools import ROOT, import_every_checker, markdown_cells

import_every_checker()
EXERCISES = all_exercises()
every_exercise = pytest.mark.parametrize(
    "entry", EXERCISES, ids=[entry.number for entry in EXERCISES]
)
TEXTS = [*sorted(CHECK.glob("ch*/*.toml")), *sorted(SHARED.glob("*.toml"))]
every_text = pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.stem)
ENGINE = ROOT / "helpers" / "practice" / "judging.py"


def texts_of(node) -> list[str]:
    """Return the texts a node may stand for: a literal, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return texts_of(node.body) + texts_of(node.orelse)
    return []


def is_table(node: ast.Dict) -> bool:
    """Whether a dictionary holds predicates, some of them written out."""

    def is_written(value) -> bool:
        # also one that a function makes of a lambda: by(lambda n: n + 1)
        given = value.args if isinstance(value, ast.Call) else [value]
        return any(isinstance(one, ast.Lambda) for one in given)

    named = (ast.Name, ast.Attribute)
    return any(map(is_written, node.values)) and all(
        is_written(value) or isinstance(value, named) for value in node.values
    )


@functools.cache
def signs_in(path: Path) -> frozenset[str]:
    """Return every sign that a file names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict) and is_table(node):
            for key in node.keys:
                found.update(texts_of(key))
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("wrong", "Wrong") and node.args:
                found.update(texts_of(node.args[0]))
            if name == "judge_value":
                given = {word.arg: word.value for word in node.keywords}
                other = given.get("otherwise", ast.Constant("other_value"))
                found.update(texts_of(other))
            if name == "renamed":
                for word in node.keywords:
                    found.update(texts_of(word.value))
    return frozenset(found)


def home_of(package: str, name: str) -> str:
    """Return the module in which something that a package offers is defined."""
    if not package.startswith(("helpers.check", "helpers.practice")):
        return package
    thing = getattr(importlib.import_module(package), name, None)
    return getattr(thing, "__module__", package)


def closure(path: Path, seen: set[Path]) -> set[Path]:
    """Return a file and what it imports, of checkers and of their engine."""
    if path in seen:
        return seen
    seen.add(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        for alias in node.names:
            home = home_of(node.module, alias.name)
            for name in (f"{node.module}.{alias.name}", node.module, home):
                other = (ROOT / name.replace(".", "/")).with_suffix(".py")
                ours = name.startswith(("helpers.check.", "helpers.practice."))
                if ours and other.exists():
                    closure(other, seen)
                    break
    return seen


def signs_of(entry) -> set[str]:
    """Return what an exercise may be diagnosed with."""
    path = entry.path.with_suffix(".py")
    return set().union(*map(signs_in, closure(path, set())))


def words_in(table: dict, name: str = "") -> dict[str, dict]:
    """Return each table of words by its sign: "swapped.features"."""
    found = {}
    for key, value in table.items():
        if isinstance(value, dict) and key not in ("look", "exercise", "help"):
            sign = f"{name}.{key}".lstrip(".")
            found[sign] = value
            found |= words_in(value, sign)
    return found


@every_exercise
def test_every_diagnosis_has_words(entry):
    words = Words(entry.path)
    named = signs_in(entry.path.with_suffix(".py")) | signs_in(ENGINE)
    assert named, "no diagnosis at all"
    for sign in sorted(named):
        fields = words.fields(sign)
        missing = {"expected", "found", "cause"} - fields.keys()
        assert not missing, f"{sign} lacks {missing}"


def test_every_diagnosis_of_the_engine_has_words():
    """Also those that no exercise of its own names: probes, expectations."""
    every = Words()
    owners = [Words(entry.path) for entry in EXERCISES]
    for path in sorted((ROOT / "helpers" / "practice").rglob("*.py")):
        for sign in sorted(signs_in(path)):
            complete = [
                words
                for words in [every, *owners]
                if {"expected", "found", "cause"} <= words.fields(sign).keys()
            ]
            assert complete, f"{path.name}: {sign} has no words anywhere"


def test_no_words_are_unused():
    used = {
        entry.path: signs_of(entry) | signs_in(ENGINE) for entry in EXERCISES
    }
    everywhere = set().union(*used.values())
    for path in TEXTS:
        tables = words_in(read_words(path))
        like = {table["like"] for table in tables.values() if "like" in table}
        mine = used.get(path, everywhere) | like
        # an exercise may override the words of one whose words it borrows
        for sign in tables:
            is_used = sign in mine or any(
                other.startswith(f"{sign}.") for other in mine
            )
            assert is_used, (
                f"{path.parent.name}/{path.name}: [{sign}] is unused"
            )


@every_text
def test_words_are_whole_and_fit_their_form(path):
    content = read_words(path)
    for sign, table in words_in(content).items():
        for key, value in table.items():
            if isinstance(value, dict) and key != "look":
                continue
            assert key in FIELDS, f"[{sign}] has an unknown {key!r}"
            if key in ("expected", "found", "cause"):
                text = " ".join(value.split())
                assert text.count("`") % 2 == 0, f"[{sign}] {key}: {text}"
                assert text and text[-1] in '.!?:)}`"', f"[{sign}] {key}"
                # what is not a place to fill would be shown as it stands
                assert not set("{}") & set(_PLACE.sub("", text)), f"[{sign}]"
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        assert len(line) <= 100, f"{path.name}:{number}"


def headings(page: str) -> set[str]:
    found = set()
    for cell in markdown_cells(find_page(page).path):
        found.update(re.findall(r"(?m)^#{2,4} (.+?)\s*$", cell.source))
    return found


def test_every_section_that_is_named_exists():
    n_looks = 0
    for path in TEXTS:
        content = read_words(path)
        for sign, table in {**words_in(content), "exercise": content}.items():
            table = table.get("exercise", table)
            if "look" in table:
                n_looks += 1
                look = Section(**table["look"])
                assert look.section in headings(look.page), (path.name, sign)
    assert n_looks > 40


@every_exercise
def test_an_exercise_says_where_to_look_and_the_verdict_links_there(entry):
    assert isinstance(entry.look, Section)
    verdict = CHECKERS[entry.number](3)
    where = dict(verdict.parts)["Where to look"]
    target = re.search(r"\]\((\S+?)#(\S+?)\)", where)
    page = "challenges" if entry.number.startswith("C") else "."
    assert (ROOT / "notebooks" / page / target[1]).resolve().exists()
    assert "](" not in str(verdict) and "<a href=" in verdict._repr_html_()


def test_links_are_those_that_jupyterlab_gives_its_headings():
    look = Section("10", "Who calls `scheduler.step()`?")
    link = look.as_markdown("../")
    anchor = quote("Who-calls-scheduler.step()?", "")
    assert link.endswith(f"(../{find_page('10').file}#{anchor})")


@every_exercise
def test_a_checker_is_at_most_150_lines(entry):
    path = entry.path.with_suffix(".py")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150, f"{path.name} has {len(lines)} lines"


def test_no_prose_in_checkers():
    """Sentences belong to the words; names, formats and docstrings stay."""
    for path in sorted(CHECK.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in docs
            ):
                n_words = len(re.findall(r"[A-Za-z]{2,}", node.value))
                assert n_words < 15, f"{path.name}:{node.lineno}: {node.value}"


# ----------------------------------------------------------------- the engine


def test_the_nearest_words_win_field_by_field(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[signature]\nfound = "mine {x}"\n[swapped]\nexpected = "e"\n'
        'found = "f"\ncause = "c"\nfeatures.found = "features {{{x:.1f}}}"\n'
        '[other]\nlike = "swapped"\ncause = "other"\n',
        encoding="utf-8",
    )
    words = Words(path)
    assert words.fields("signature")["found"] == "mine {x}"
    assert (
        words.fields("signature")["cause"]
        == Words().fields("signature")["cause"]
    )
    finding = words.put(Wrong("swapped.features", {"x": 2.04}))
    assert finding.diagnosis == "swapped"
    assert (finding.expected, finding.found) == ("e", "features {2.0}")
    assert words.fields("other") == {
        "expected": "e",
        "found": "f",
        "cause": "other",
    }


def test_words_that_speak_of_what_was_not_seen_are_refused():
    with pytest.raises(LookupError, match="was not seen"):
        fill("{nothing}", {})
    with pytest.raises(LookupError, match="no words"):
        Words().put(Wrong("no_such_sign", {}))


def test_the_praise_of_a_right_answer_may_speak_of_what_was_seen():
    entry = replace(CHECKERS["01.1"].exercise, solved="{error:.1f} off.")
    verdict = judge_answer(entry, lambda answer: {"error": 0.96}, [len], {})
    assert verdict.solved and "1.0 off." in str(verdict)


def test_a_damaged_file_of_words_is_named(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text('[exercise\nnumber = "1"', encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.toml"):
        read_words(path)
    path.write_text('[exercise]\nnumber = "1"\nlevel = "easy"\n', "utf-8")
    with pytest.raises(ValueError, match=r"broken\.toml, \[exercise\]"):
        read_exercise(path)


def test_a_checker_reloads_in_a_running_kernel(tmp_path, monkeypatch):
    module = sys.modules["helpers.check.chapter_01.line"]
    page = importlib.import_module("helpers.check.chapter_01")
    before = page.line
    assert before(lambda b, w: lambda x: b + w * x).solved
    importlib.reload(module)
    assert module.line is CHECKERS["01.1"]
    # the name that a page imported before the reload calls the new checker
    monkeypatch.setattr(CHECKERS["01.1"], "look_at", lambda answer: "new words")
    assert "new words" in str(before(lambda b, w: lambda x: 0))


def test_two_exercises_cannot_have_one_number(tmp_path):
    source = tmp_path / "double.py"
    source.write_text(
        "from helpers.practice import exercise\n"
        "@exercise\ndef double(answer): ...\n",
        encoding="utf-8",
    )
    source.with_suffix(".toml").write_text(
        '[exercise]\nnumber = "01.1"\ntitle = "t"\nminutes = 1\n'
        'level = "easy"\nlook = { page = "01", section = "Quiz" }\n',
        encoding="utf-8",
    )
    spec = importlib.util.spec_from_file_location("double", source)
    with pytest.raises(ValueError, match=r"01\.1, which is that of"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
