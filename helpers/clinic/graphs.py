"""What the graph of a loss shows: what it compares, whose weights it has.

Here belongs what is read off a graph before a backward pass frees it.
"""

import weakref

import torch
from torch import nn

from helpers.clinic.seen import Seen

MOST_NODES = 4000  # of one graph


def at_backward(seen: Seen, loss: torch.Tensor) -> None:
    """See whether a loss written by hand pairs every row with every other.

    Its graph keeps what was squared, or of what the size was taken: a square
    table where a column or a row of predictions was expected.
    """
    shape = seen.output_shape
    if len(shape) not in (1, 2) or shape[0] < 2 or shape[1:] not in ((), (1,)):
        return
    nodes = [loss.grad_fn]
    for _ in range(12):
        node = nodes.pop(0) if nodes else None
        if node is None:
            return
        nodes += [n for n, _ in node.next_functions if n is not None]
        try:
            kept = getattr(node, "_saved_self", None)
        except RuntimeError:  # was freed by an earlier pass
            return
        table = tuple(getattr(kept, "shape", ()))
        if table == (shape[0], shape[0]):
            seen.paired = shape, table
            return


def parameters_outside(seen: Seen, loss: torch.Tensor) -> None:
    """See which parameters a loss depends on that no watched model has."""
    nodes, met = [loss.grad_fn], set()
    while nodes and len(met) < MOST_NODES:
        node = nodes.pop()
        if node is None or node in met:
            continue
        met.add(node)
        nodes += [one for one, _ in node.next_functions]
        leaf = getattr(node, "variable", None)
        if isinstance(leaf, nn.Parameter) and id(leaf) not in seen.names:
            seen.outside.append(weakref.ref(leaf))
