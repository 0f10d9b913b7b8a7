"""Draw graphs without the Graphviz program.

That of `torchviz.make_dot`, or the one that `add_graph` put into an event file.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import graphviz

from helpers.page.colours import CARD, FAINT, MODEL, OTHER, TRAINING
from helpers.page.pictures import DPI, Picture, listed

FONT = "Courier"  # every machine has it; with others, text leaves its box
# What torchviz paints, in the colours of the course: parameters, results,
# and tensors that are part of neither.
PAINTED = {
    "lightblue": TRAINING,
    "darkolivegreen1": OTHER,
    "darkolivegreen3": OTHER,
    "orange": FAINT,
    "lightgrey": FAINT,
}
# In the language of dot: the name of a node, and its options with its label.
NAME = r'("[^"]*"|\w+)'
OPTIONS = rf"\[(?:[^\]]*?label={NAME})?[^\]]*\]"


def find_program() -> str | None:
    """Return a program that draws dot graphs: the wheel's, or the system's."""
    scripts = sysconfig.get_path("scripts")
    name = "graphviz-pure" + (".exe" if sys.platform == "win32" else "")
    if (Path(scripts) / name).exists():
        return str(Path(scripts) / name)
    return shutil.which("graphviz-pure") or shutil.which("dot")


def draw_graph(graph) -> Picture | None:
    """Return a graph as a picture for the page.

    Where no program can draw it, the graph's own text is printed instead.

    Args:
        graph: a graphviz.Digraph, such as ``make_dot`` returns.
    """
    source = _tidy(graph.source)
    program = find_program()
    if program is None:
        print("No program draws graphs here (pip install graphviz-pure).")
        print(source)
        return None
    drawn = subprocess.run(
        [program, "-Tpng", f"-Gdpi={DPI}"],
        input=source.encode(),
        capture_output=True,
        check=True,
        timeout=30,
    )
    return Picture.of_png(drawn.stdout, in_words(source))


def draw_nodes(nodes: Iterable[Any]) -> Picture | None:
    """Return the graph that `add_graph` wrote as a picture for the page.

    Args:
        nodes: of the graph in the event file, each with a ``name`` and, in
            ``input``, the names of the nodes that lead to it. Names that are
            not among the nodes are left out.
    """
    graph = graphviz.Digraph(node_attr={"shape": "box"})
    by_name = {node.name: node for node in nodes}
    for name, node in by_name.items():
        graph.node(name)
        for source in node.input:
            if source in by_name:
                graph.edge(source, name)
    return draw_graph(graph)


def in_words(source: str) -> str:
    """Say which node of a graph leads to which.

    Args:
        source: of the graph, in the language of dot.
    """
    labels = {}
    for name, label in re.findall(rf"(?m)^\s*{NAME}(?: {OPTIONS})?$", source):
        words = re.sub(r"\s+", " ", (label or name).strip('"')).strip()
        if name not in ("graph", "node", "edge"):  # the defaults of each
            words = re.sub(r"^\(", "a result (", words)
            labels[name] = words.replace(" (", " of shape (")
    leads: dict[str, list[str]] = {}
    for start, end in re.findall(rf"(?m)^\s*{NAME} -> {NAME}", source):
        leads.setdefault(end, []).append(labels[start])
    said = [
        f"{listed(starts)} {'leads' if len(starts) == 1 else 'lead'} to "
        f"{labels[end]}"
        for end, starts in leads.items()
    ]
    return f"A graph of {len(labels)} nodes. {'. '.join(said)}."


def _tidy(source: str) -> str:
    """Name nodes by order, not by address; give the course's look."""
    # torchviz names each node by the number id() gives: new at every run
    order = dict.fromkeys(re.findall(r"(?m)^\s*(\d{6,})\b", source))
    for number, address in enumerate(order):
        source = re.sub(rf"\b{address}\b", f"n{number}", source)
    source = source.replace('label="\n ', 'label="')  # a line without a name
    source = source.replace("\n (", "\n(")
    for theirs, ours in PAINTED.items():
        source = source.replace(
            f"fillcolor={theirs}", f'color="{ours}" fillcolor="{ours}28"'
        )
    look = (
        f'\tgraph [bgcolor="{CARD}" pad=0.25]\n'
        f'\tnode [fontname={FONT} fontsize=10 style=filled color="{FAINT}" '
        f'fillcolor="{FAINT}28" fontcolor="{MODEL}" margin="0.12,0.06"]\n'
        f'\tedge [color="{MODEL}" arrowsize=0.7]\n'
    )
    source = source.replace("fontname=monospace", f"fontname={FONT}")
    # torchviz sets defaults of its own: ours come after them
    return re.sub(
        r"(?s)^(.*?\{\n(?:\t(?:graph|node|edge) \[[^\]]*\]\n)*)",
        lambda found: found.group(1) + look,
        source,
        count=1,
    )
