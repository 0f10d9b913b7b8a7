"""Exercises of chapter 10: a full configuration, a cycle, a wrapped step."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
