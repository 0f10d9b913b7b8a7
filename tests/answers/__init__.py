"""Right and wrong answers to every exercise, a module a chapter."""
