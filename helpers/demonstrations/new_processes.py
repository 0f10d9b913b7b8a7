"""Processes that are made to be killed."""

import multiprocessing
from multiprocessing.context import ForkContext, SpawnContext


def quick_context() -> ForkContext | SpawnContext:
    """Return the quickest way to start processes here.

    A process made by fork has torch at once; elsewhere it takes seconds.
    """
    if "fork" in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")
