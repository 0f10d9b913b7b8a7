"""What several checkers of chapter 09 share."""

UNITS = "chapter 09, the section *Shapes and units*"
