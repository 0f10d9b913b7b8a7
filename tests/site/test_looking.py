"""What is wrong with a site is found, each fault by itself."""

import pytest

from helpers.site import looking

GOOD = (
    '<h1 id="top">A</h1><a href="other.html#part">other</a>'
    '<a href="#top">up</a><a href="https://docs.pytorch.org">out</a>'
    '<img src="dot.png" alt="A dot."><style>a {color: red}</style>'
)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "other.html").write_text('<p id="part">B</p>')
    (tmp_path / "dot.png").write_bytes(b"dot")
    return tmp_path


def test_nothing_is_wrong_with_a_good_site(site):
    assert looking.faults_of(site, 1000) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('<a href="away.html">x</a>', "'away.html' leads nowhere"),
        ('<a href="other.html#away">x</a>', "#away' leads nowhere"),
        ('<a href="#away">x</a>', "'#away' leads nowhere"),
        ('<img src="dot.png">', "without an alternative text"),
        ('<img src="away.png" alt="x">', "'away.png' is not there"),
        ('<script src="https://cdn.org/x.js"></script>', "another host"),
        ('<link rel="stylesheet" href="//cdn.org/x.css">', "another host"),
        ("<style>@import 'https://cdn.org/x.css'</style>", "another host"),
        ('<p style="background: url(http://cdn.org/x)">', "another host"),
        ("<script>fetch('https://cdn.org')</script>", "another host"),
        ('<iframe src="http://127.0.0.1:6006"></iframe>', "another host"),
        ('<svg><image href="https://cdn.org/x"/></svg>', "another host"),
    ],
)
def test_a_fault_is_found(site, more, said):
    (site / "index.html").write_text(GOOD + more)
    (found,) = looking.faults_of(site, 10_000)
    assert said in found


def test_style_sheets_and_scripts_are_read(site):
    (site / "a.css").write_text("p {background: url(https://cdn.org/x)}")
    (site / "a.js").write_text("import('https://cdn.org/x.js')")
    found = looking.faults_of(site, 10_000)
    assert [name.partition(":")[0] for name in found] == ["a.css", "a.js"]


def test_a_site_that_is_too_large_is_told(site):
    (found,) = looking.faults_of(site, 100)
    assert "MB" in found
