"""Exercises of chapter 16: random runs, means over seeds, what is missing."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
