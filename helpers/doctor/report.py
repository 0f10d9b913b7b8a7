"""Look at this machine, and say what is ready and what to do.

python -m helpers doctor
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence

from helpers.doctor.findings import Finding
from helpers.doctor.folders import (
    look_at_room,
    look_at_writing,
    look_for_synchronisation,
)
from helpers.doctor.network import look_at_ports, look_at_proxies
from helpers.doctor.packages import (
    look_at_kernel,
    look_at_packages,
    look_at_python,
)
from helpers.doctor.processors import look_at_torch

READY = "Everything is ready."
WIDTH = 80  # columns


def look_around() -> list[Finding]:
    """Look at everything that the course needs.

    Returns:
        What each check found, one after another. Nothing is changed, apart
        from the folder runs/, which is made where it is missing.
    """
    return [
        look_at_python(),
        look_at_packages(),
        look_at_kernel(),
        *look_at_torch(),
        look_at_writing(),
        look_at_room(),
        look_for_synchronisation(),
        look_at_ports(),
        look_at_proxies(),
    ]


def summary(findings: Sequence[Finding]) -> str:
    """Return one sentence about all findings."""
    n_to_do = sum(finding.state == "to do" for finding in findings)
    if not n_to_do:
        return READY
    if n_to_do == 1:
        return "One thing has to be done before the course works."
    return f"{n_to_do} things have to be done before the course works."


def as_text(findings: Sequence[Finding]) -> str:
    """Return a line for each finding, and below it what to do."""
    width = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        start = f"{finding.state:5}  {finding.subject:{width}}  "
        lines += _wrapped(start, finding.found)
        if finding.advice:
            lines += _wrapped(" " * len(start), finding.advice)
    return "\n".join([*lines, "", summary(findings)])


def _wrapped(start: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was found; return 1 if something has to be done, else 0."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers doctor",
        description="Look whether this machine has what the course needs. It "
        "works where packages are missing, too.",
    )
    parser.parse_args(arguments)
    findings = look_around()
    print(as_text(findings))
    return int(summary(findings) != READY)
