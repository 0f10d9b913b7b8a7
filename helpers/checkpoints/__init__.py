"""Checkpoints: written whole or not at all, checked before they are loaded."""

from helpers.checkpoints.checkpoints_all import *  # noqa: F403
