"""Exercises of chapter 08: make a checkpoint, resume, save safely."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
