"""What several checkers of chapter 05 share."""

EVAL = "chapter 05, the section *What eval mode changes*"
