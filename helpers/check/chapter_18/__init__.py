"""Exercises of chapter 18: shares, an exact mean, a ring, layer by layer."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
