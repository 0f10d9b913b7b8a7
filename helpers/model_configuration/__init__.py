"""Stage 2 of the pipeline: the model and everything a training step needs.

Here belong the versions of ``configure_model``, one screen each. What the parts
are, and what is said when one is missing, belongs in `helpers.pipeline`.
"""
