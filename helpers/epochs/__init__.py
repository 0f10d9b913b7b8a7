"""Functions that perform a whole epoch: the fast inner loops.

Here belongs what runs over all batches of a loader with as little as possible
between two of them. What fetches the batches belongs in
`helpers.data_preparation`, and what happens once an epoch in
`helpers.model_training`.
"""
