"""Exercises of chapter 02: datasets."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
