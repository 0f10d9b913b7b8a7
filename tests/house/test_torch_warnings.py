"""What torch plans for its own functions does not fill the pages."""

import subprocess
import sys

import pytest

WARN = """
import warnings
{first}
warnings.warn({said!r}, FutureWarning)
"""
TRACE = "`torch.jit.trace` is deprecated. Please switch to `torch.compile`."
METHOD = "`torch.jit.trace_method` is deprecated."


def said_by(first: str, said: str) -> str:
    command = [sys.executable, "-c", WARN.format(first=first, said=said)]
    return subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stderr


@pytest.mark.parametrize("said", [TRACE, METHOD])
def test_tracing_for_add_graph_is_quiet(said):
    assert said in said_by("", said)
    assert said_by("import helpers", said) == ""


def test_any_other_warning_is_shown():
    assert "of its own" in said_by("import helpers", "a warning of its own")
