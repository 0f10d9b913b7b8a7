"""Stands in for models, loaders, logs and files, and notes what is done."""
