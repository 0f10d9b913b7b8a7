"""Stage 1 of the pipeline: from NumPy arrays to what a training run reads.

Here belong the versions of ``prepare_data``, one screen each. Where the arrays
come from belongs in `helpers.datasets`.
"""
