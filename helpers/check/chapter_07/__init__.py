"""Exercises of chapter 07: what a writer is given, epoch by epoch."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
