"""Histograms of a run, read back from its event files."""

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from helpers.runs.folders import run_folder

Histogram = tuple[np.ndarray, np.ndarray]  # edges [n + 1], counts [n]


def read_histograms(run_name: str) -> dict[str, list[Histogram]]:
    """Return the histograms of every tag, one for each time it was logged.

    Args:
        run_name: see `run_folder`.

    Returns:
        by tag, edges and counts of the bins.
    """
    folder = run_folder(run_name)
    events = EventAccumulator(str(folder), size_guidance={"histograms": 0})
    events.Reload()
    return {
        tag: [_bins(one.histogram_value) for one in events.Histograms(tag)]
        for tag in sorted(events.Tags()["histograms"])
    }


def _bins(value) -> Histogram:
    """Return edges and counts of what TensorBoard stores as limits."""
    right = np.array(value.bucket_limit)
    edges = np.concatenate([[min(value.min, right[0])], right])
    return edges, np.array(value.bucket)
