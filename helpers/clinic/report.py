"""What a watch says: findings in words, the most likely cause first."""

import html
import math
import textwrap
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from helpers.clinic.seen import Seen
from helpers.clinic.signs import EXPLAINS, SIGNS, SYMPTOMS

LEVELS = ("fault", "suspicion", "note")
WORDS = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Finding:
    """One thing that a watch has to say.

    Attributes:
        kind: a short name, such as "no_zero_grad".
        level: "fault", "suspicion" or "note".
        saw: what was seen, in a sentence or two.
        why: why it matters.
        try_: what to do, or to look at.
        evidence: the numbers and names behind it.
    """

    kind: str
    level: str
    saw: str
    why: str
    try_: str
    evidence: dict[str, Any]

    def __str__(self) -> str:
        head = f"{self.level}: {self.saw}"
        lines = [head, f"Why it matters: {self.why}", f"Try: {self.try_}"]
        first, *rest = [
            line for text in lines for line in textwrap.wrap(text, 76)
        ]
        return "\n".join([first, *(f"  {line}" for line in rest)])


@dataclass(frozen=True)
class Report:
    """All findings, the most serious and most likely first.

    Attributes:
        findings: in order.
        n_steps: how many updates were made.
        unseen: what the watch could not see.
    """

    findings: list[Finding]
    n_steps: int
    unseen: list[str]

    def __str__(self) -> str:
        parts = [self._head()]
        parts += [f"{i}. {f}" for i, f in enumerate(self.findings, 1)]
        if self.unseen:
            parts.append(f"Not seen: {'; '.join(self.unseen)}.")
        return "\n\n".join(parts)

    def _head(self) -> str:
        updates = "update" if self.n_steps == 1 else "updates"
        counts = [
            f"{n} {level}{'s' if n > 1 else ''}"
            for level in LEVELS
            if (n := sum(f.level == level for f in self.findings))
        ]
        found = ", ".join(counts) or "nothing to report"
        return f"After {self.n_steps} {updates}: {found}."

    def _repr_html_(self) -> str:
        def text(words: str) -> str:
            return html.escape(words)

        items = [
            f"<li><b>{f.level}</b> ({f.kind}): {text(f.saw)}<br>"
            f"{text(f.why)}<br><i>Try:</i> {text(f.try_)}</li>"
            for f in self.findings
        ]
        body = f"<ol>{''.join(items)}</ol>" if items else ""
        unseen = "; ".join(self.unseen)
        end = f"<p>Not seen: {text(unseen)}.</p>" if unseen else ""
        return f"<p>{text(self._head())}</p>{body}{end}"

    def kinds(self, *levels: str) -> list[str]:
        """Return the names of the findings of some levels, or of all."""
        return [f.kind for f in self.findings if f.level in (levels or LEVELS)]


def make_report(seen: Seen) -> Report:
    """Go through all signs and put what holds into words."""
    findings = []
    for kind, (level, sign) in SIGNS.items():
        try:
            evidence = sign(seen)
            if evidence is None:
                continue
            level = evidence.pop("level", level)
            findings.append(_say(kind, level, evidence))
        except Exception as error:  # the other findings still count
            seen.failed(kind, error)
    findings = _explained(findings)
    findings.sort(key=lambda one: LEVELS.index(one.level))
    return Report(findings, max(seen.n_updates, default=0), _unseen(seen))


def _say(kind: str, level: str, evidence: dict[str, Any]) -> Finding:
    words = WORDS[kind]
    shown = {
        name: _short(value) if isinstance(value, float) else value
        for name, value in evidence.items()
    }
    saw, why, try_ = (
        " ".join(words[field].format(**shown).split())
        for field in ("saw", "why", "try")
    )
    return Finding(kind, level, saw, why, try_, evidence)


def _short(number: float) -> str:
    if not math.isfinite(number) or number == 0:
        return f"{number:g}"
    return f"{number:.3g}"


def _explained(findings: list[Finding]) -> list[Finding]:
    """Make notes of symptoms that a finding before them explains."""
    causes = [f.kind for f in findings if f.level != "note"]
    explained = {kind for one in causes for kind in EXPLAINS.get(one, ())}
    if set(causes) - explained - set(SYMPTOMS):
        explained.update(SYMPTOMS)
    return [
        replace(f, level="note") if f.kind in explained else f for f in findings
    ]


def _unseen(seen: Seen) -> list[str]:
    unseen = list(seen.unseen)
    if seen.n_backward and not seen.training_calls():
        unseen.append(
            "what the loss compares, as none of the losses of torch.nn that "
            "the watch knows was called"
        )
    if not seen.optimizers:
        unseen.append("updates, as no optimizer was given")
    unseen += [
        f"{one} (the watch failed there: {why})"
        for one, why in seen.broken.items()
    ]
    return unseen
