"""Exercises of chapter 06: event files, read back; names of runs."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
