"""The figures of the course, all in one style."""

from helpers.plots.plots_all import *  # noqa: F403
