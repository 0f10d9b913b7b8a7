"""Stage 1 of the pipeline: from NumPy arrays to what a training reads."""
