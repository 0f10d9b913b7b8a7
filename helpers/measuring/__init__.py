"""Times and memory, measured."""
