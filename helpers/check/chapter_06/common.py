"""What several checkers of chapter 06 share."""

NAMES = "chapter 06, the section *Names of runs*"
