"""The pipeline of the course: versioned modules and the tools around them."""

from helpers.paths import use_writable_caches

use_writable_caches()  # before anything imports matplotlib
