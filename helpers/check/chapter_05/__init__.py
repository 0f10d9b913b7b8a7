"""Exercises of chapter 05: validation without traces, and the right mean."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
