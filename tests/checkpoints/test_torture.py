"""`make torture` in small: every one of its figures has to hold."""

import subprocess
import sys
from pathlib import Path

import pytest

TORTURE = Path(__file__).with_name("torture.py")


# half a minute on a quiet machine
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="forks and kills")
def test_no_figure_gives_way():
    result = subprocess.run(
        [sys.executable, str(TORTURE), "--quick"],
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "DOES NOT HOLD" not in result.stdout
    assert "SIGKILL during a save" in result.stdout
