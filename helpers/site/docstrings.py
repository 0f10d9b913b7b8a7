"""Docstrings as Markdown: sections become lists, names in them code."""

import inspect
import re

_SECTION = re.compile(r"(Args|Attributes|Returns|Yields|Raises):")
_ENTRY = re.compile(r"([\w.*, ]+?)(?: \(([^)]*)\))?: (.*)")
_ADDRESS = re.compile(r"https?://[^\s)>]*[^\s)>.,;:]")


def as_markdown(docstring: str) -> str:
    """Return a docstring in Google style as Markdown."""
    parts: list[str] = []
    lines = inspect.cleandoc(docstring).splitlines()
    while lines:
        line = lines.pop(0)
        section = _SECTION.fullmatch(line)
        if section is None:
            is_code = line.startswith("    ")
            parts.append(line if is_code else escaped(line))
            continue
        block = []
        while lines and (lines[0].startswith(" ") or not lines[0]):
            block.append(lines.pop(0)[4:])
        parts += ["", f"**{section[1]}**", "", *_section(section[1], block), ""]
    return "\n".join(parts).strip()


def _section(name: str, block: list[str]) -> list[str]:
    """Return what stands in a section, as a list where it has entries."""
    if name in ("Returns", "Yields"):
        return [escaped(line) for line in block]
    lines = []
    for line in block:
        entry = _ENTRY.fullmatch(line) if not line.startswith(" ") else None
        if entry:
            lines.append(f"- `{entry[1]}`: {escaped(entry[3])}")
        elif line:
            lines.append(f"  {escaped(line.strip())}")
    return lines


def escaped(line: str) -> str:
    """Return a line of text with whatever Markdown would take for a mark.

    Code between backticks stays, and addresses become links.
    """
    parts = re.split(r"(`+[^`]*`+)", line)
    return "".join(
        part if part.startswith("`") else _escaped(part) for part in parts
    )


def _escaped(text: str) -> str:
    found = _ADDRESS.search(text)
    if found:
        before, after = text[: found.start()], text[found.end() :]
        return f"{_escaped(before)}<{found[0]}>{_escaped(after)}"
    return re.sub(r"([\\*_\[\]<>{}$|#])", r"\\\1", text)
