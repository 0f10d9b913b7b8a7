"""Exercises of chapter 09: predictions, a scaling, a client of a service."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
