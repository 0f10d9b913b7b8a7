"""Exercises of chapter 04: the inner loop, its step function, the split."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
