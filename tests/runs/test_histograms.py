"""Histograms are read back as they were logged."""

import os

import numpy as np
import torch

from helpers.runs import open_writer
from helpers.runs.histograms import read_histograms


def test_edges_and_counts_of_every_time():
    name = f"histograms/{os.getpid()}"
    writer = open_writer(name)
    assert writer is not None
    values = [torch.tensor([-0.5, 0.5, 0.5, 3.0]), torch.zeros(7)]
    for step, one in enumerate(values):
        writer.add_histogram("weights", one, step)
    writer.add_histogram("other", torch.ones(3), 0)
    writer.close()
    found = read_histograms(name)
    assert list(found) == ["other", "weights"]
    assert len(found["weights"]) == 2
    for (edges, counts), one in zip(found["weights"], values, strict=True):
        assert len(edges) == len(counts) + 1
        assert (np.diff(edges) >= 0).all()
        assert counts.sum() == len(one)
        assert edges[0] <= one.min() and one.max() <= edges[-1]
    edges, counts = found["weights"][0]
    # half of the values lie around 0.5, within a bin of TensorBoard
    near = (edges[:-1] < 0.5) & (edges[1:] >= 0.5)
    assert counts[near].sum() == 2
