"""Exercises of chapter 14: sizes, a count, a warm start, a new head."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
