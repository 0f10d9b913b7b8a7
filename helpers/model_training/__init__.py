"""Stage 3 of the pipeline: the loop over epochs.

Here belong the versions of ``train``, one screen each. Checks, logs, files and
figures belong in the folders that bear their names.
"""
