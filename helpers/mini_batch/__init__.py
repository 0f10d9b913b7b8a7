"""One pass over a loader, in two versions: plain mean, weighted mean.

Here belong the versions of ``mini_batch``, one screen each. What is done with a
batch belongs in `helpers.step_functions`.
"""
