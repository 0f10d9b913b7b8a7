"""When a watch looks closely: often at first, and then ever less.

Here belongs which updates it looks at. A look costs about as much as a step,
so their number decides what a watch costs.
"""

import bisect

DENSE = 10  # updates that are looked at one after the other
# each about 1.7 times the one before
LATER = (12, 20, 35, 60, 100, 170, 290, 490, 830)
EVERY = 1000  # then one look per so many updates


def is_looked_at(step: int) -> bool:
    """Tell whether the watch looks at an update closely."""
    return step < DENSE or step in LATER or step % EVERY == 0


def next_look(step: int) -> int:
    """Return the next update after one that the watch looks at closely."""
    if step + 1 < DENSE:
        return step + 1
    i = bisect.bisect_right(LATER, step)
    return LATER[i] if i < len(LATER) else (step // EVERY + 1) * EVERY
