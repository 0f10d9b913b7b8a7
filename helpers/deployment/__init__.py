"""Models outside a notebook: one file, its checks, and a service."""
