"""What a page shows: its set-up, pictures, sources and differences."""
