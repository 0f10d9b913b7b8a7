"""The pipeline of the course: versioned modules and the tools around them."""

import warnings

from helpers.paths import use_writable_caches

use_writable_caches()  # before anything imports matplotlib

# From 2.14 on, torch warns of its own torch.jit.trace, by which TensorBoard's
# add_graph follows a model. There is nothing that its caller could do.
warnings.filterwarnings("ignore", r"`torch\.jit\.trace", FutureWarning)
