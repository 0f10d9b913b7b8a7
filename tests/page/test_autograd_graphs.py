"""Graphs of autograd and of modules, as pictures with words."""

from collections import namedtuple

import graphviz
import pytest
import torch
from torch import nn
from torchviz import make_dot

from helpers.page import autograd_graphs
from helpers.page.autograd_graphs import draw_graph, draw_nodes, in_words
from helpers.page.colours import TRAINING

# torchviz compares versions in the old way
pytestmark = pytest.mark.filterwarnings("ignore:distutils Version")


def make_graph():
    model = nn.Sequential(nn.Linear(1, 1))
    parameters = dict(model.named_parameters())
    return make_dot(model(torch.zeros(16, 1)), params=parameters)


@pytest.fixture
def graph():
    return make_graph()


def test_the_words_of_a_graph(graph):
    picture = draw_graph(graph)
    assert picture is not None
    assert picture.alt.startswith("A graph of 7 nodes. ")
    assert "0.bias of shape (1) leads to AccumulateGrad." in picture.alt
    assert "0.weight of shape (1, 1) leads to" in picture.alt
    assert "AddmmBackward0 leads to a result of shape (16, 1)." in picture.alt
    assert picture.png.startswith(b"\x89PNG")
    assert 200 < picture.width < 600


def test_the_same_graph_has_the_same_words_and_source(graph):
    one, other = (
        autograd_graphs._tidy(each.source) for each in (graph, make_graph())
    )
    assert one == other
    assert TRAINING in one and "lightblue" not in one
    assert 'label="\n' not in one, "a label begins with an empty line"


def test_names_with_slashes_and_more_than_two_sources():
    graph = graphviz.Digraph(node_attr={"shape": "box"})
    for name in ("in/x", "w", "b", "out/y"):
        graph.node(name)
    for name in ("in/x", "w", "b"):
        graph.edge(name, "out/y")
    assert in_words(graph.source) == (
        "A graph of 4 nodes. in/x, w and b lead to out/y."
    )


def test_nodes_of_an_event_file():
    """Arrows come from the inputs that are nodes; others are left out."""
    Node = namedtuple("Node", "name input")
    nodes = [
        Node("layer/1", ["layer/weight", "in/x", "elsewhere"]),
        Node("layer/weight", []),
        Node("in/x", []),
        Node("out/y", ["layer/1"]),
    ]
    picture = draw_nodes(nodes)
    assert picture is not None
    assert picture.alt == (
        "A graph of 4 nodes. layer/weight and in/x lead to layer/1. layer/1 "
        "leads to out/y."
    )


def test_without_a_program_the_text_is_printed(graph, monkeypatch, capsys):
    monkeypatch.setattr(autograd_graphs, "find_program", lambda: None)
    assert draw_graph(graph) is None
    printed = capsys.readouterr().out
    assert "pip install graphviz-pure" in printed
    assert "AddmmBackward0" in printed


def test_the_system_s_program_is_the_second_choice(monkeypatch, tmp_path):
    monkeypatch.setattr(
        autograd_graphs.sysconfig, "get_path", lambda _name: str(tmp_path)
    )
    monkeypatch.setattr(
        autograd_graphs.shutil,
        "which",
        lambda name: "/usr/bin/dot" if name == "dot" else None,
    )
    assert autograd_graphs.find_program() == "/usr/bin/dot"
