"""One pass over a loader, in two versions: plain mean, weighted mean."""
