"""Runs: their folders below ``runs/``, their curves, TensorBoard's server."""

from helpers.runs.folders import *  # noqa: F403
