"""What the three stages hand to each other, checked on the way.

Here belong the configuration, the pairing of versions, checks of what goes in,
the look at the first batches and the way back when a run went wrong. A stage
itself, or anything that knows one task, does not.
"""

from helpers.pipeline.pairing import Configuration, trains_with

__all__ = ["Configuration", "trains_with"]
