"""One training run in many processes, perhaps on many machines.

Here belongs what a process knows of the others: its rank, its share of each
global batch, sums over all of them, and who writes. How processes are started
belongs in `helpers.launching`, and what a training run does in
`helpers.model_training`.
"""
