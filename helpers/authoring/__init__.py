"""For writers of pages: execute and store them, make challenges."""
