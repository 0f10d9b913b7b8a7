"""Exercises of chapter 15: a recipe, a looper, a run from two files."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
