"""Exercises of chapter 03: data loaders."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
