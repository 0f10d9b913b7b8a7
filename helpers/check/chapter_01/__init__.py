"""Exercises of chapter 01: functions that build functions."""

from helpers.practice import checkers_in

globals().update(checkers_in(__name__, __path__))
