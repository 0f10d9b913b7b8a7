"""What the three stages hand to each other, checked on the way.

Here belong the configuration, what a version says of itself, the pairing of
versions, checks of what goes in, the look at the first batches and the way back
when a run went wrong. A stage itself does not belong here, nor does anything
that knows one task, one model or one dataset.
"""

from helpers.pipeline.configuration import Configuration
from helpers.pipeline.pairing import trains_with
from helpers.pipeline.versions import gives

__all__ = ["Configuration", "gives", "trains_with"]
