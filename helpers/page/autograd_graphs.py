"""Draw the graph of `torchviz.make_dot` without the Graphviz program."""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from IPython.display import display

from helpers.plots import bundle


def find_program() -> str | None:
    """Return a program that draws dot graphs: the wheel's, or the system's."""
    scripts = sysconfig.get_path("scripts")
    name = "graphviz-pure" + (".exe" if sys.platform == "win32" else "")
    if (Path(scripts) / name).exists():
        return str(Path(scripts) / name)
    return shutil.which("graphviz-pure") or shutil.which("dot")


def draw_graph(graph, alt: str) -> None:
    """Show what ``make_dot`` returned, as a picture in the page.

    Where no program can draw it, the graph's own text is printed instead.

    Args:
        graph: a graphviz.Digraph, from ``make_dot``.
        alt: the picture in words, for readers who cannot see it.
    """
    source = _tidy(graph.source)
    program = find_program()
    if program is None:
        print("No program draws graphs here (pip install graphviz-pure).")
        print(source)
        return
    drawn = subprocess.run(
        [program, "-Tpng", "-Gdpi=100"],
        input=source.encode(),
        capture_output=True,
        check=True,
        timeout=30,
    )
    display(*bundle(drawn.stdout, alt))


def _tidy(source: str) -> str:
    """Name nodes by order, not by address, in a font every machine has."""
    # torchviz names each node by the number id() gives: new at every run
    order = dict.fromkeys(re.findall(r"(?m)^\s*(\d{6,})\b", source))
    for number, address in enumerate(order):
        source = re.sub(rf"\b{address}\b", f"n{number}", source)
    return source.replace("monospace", "Courier")
