"""Stage 3 of the pipeline: the loop over epochs."""
