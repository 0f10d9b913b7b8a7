"""Checkers of the exercises: each takes an answer and says how it stands.

A folder per chapter or challenge, two files per exercise: ``NAME.py`` collects
what was seen and names the mistake by its signs, ``NAME.toml`` has the words.
A page says ``from helpers.check import chapter_03 as check`` and then
``check.NAME(answer)``. What several chapters judge alike belongs in
`helpers.practice`.
"""
