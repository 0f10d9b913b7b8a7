"""A watch for any training loop, and what it says about a sick one.

Here belongs what looks at a loop that the course did not write: through hooks
on model, loss and optimizer, without a step of its own. What knows the shape
of our own loops belongs in `helpers.pipeline`.
"""
