"""The doctor's report in a page: one sentence, and the rest folded away."""

from html import escape

from IPython.display import HTML

from helpers.doctor.findings import Finding
from helpers.doctor.report import look_around, summary
from helpers.page.markdown import INDENT, table

# tests/sanitize.cfg leaves out what stands in this fold: it differs between
# machines.
FOLD = '<details class="machine">'


def check_environment() -> HTML:
    """Say whether this machine has what the course needs.

    What has to be done is in sight, and what was found is folded away.
    """
    return HTML(as_html(look_around()))


def as_html(findings: list[Finding]) -> str:
    """Return the sentence, what has to be done, and a table of everything."""
    start = f'<p style="padding-left: {INDENT}">'
    parts = [f"{start}{escape(summary(findings))}</p>"]
    parts += [
        f"{start}<b>{escape(one.subject)}</b>: {escape(one.found)}. "
        f"{escape(one.advice)}</p>"
        for one in findings
        if one.state == "to do"
    ]
    rows = [
        (
            one.state,
            one.subject,
            ". ".join(filter(None, [one.found, one.advice])),
        )
        for one in findings
    ]
    return (
        "\n".join(parts)
        + f'\n{FOLD}<summary style="padding-left: {INDENT}">What was looked at'
        f"</summary>{table(rows)}</details>"
    )
