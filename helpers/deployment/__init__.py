"""Models outside a notebook: what they take and return, one file, a service.

Here belongs everything between a trained model and an answer to a client.
Checkpoints, which hold state for a model that is built elsewhere, belong in
`helpers.checkpoints`; training belongs in the stages.
"""
