"""Stage 2 of the pipeline: the model and all that a training step needs."""
