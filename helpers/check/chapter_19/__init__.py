"""Exercises of chapter 19: one batch, how far a step goes, a baseline."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
