"""The one palette: every colour that a page shows, and what it means.

The colours are those of Okabe and Ito, which colour-blind readers can tell
apart (https://jfly.uni-koeln.de/color/). Figures, verdicts, quizzes and
differences take theirs from here; no other file writes a colour down.
"""

# What figures draw
TRAINING = "#0072B2"  # blue
VALIDATION = "#D55E00"  # vermilion
MODEL = "#1A1A1A"  # near black: the truth, or the model
OTHER = "#009E73"  # green: whatever is compared with them
FAINT = "#9A9A9A"  # grey: what only helps
YOURS = "#CC79A7"  # purple: what a reader is asked to do
# for series that are neither training nor validation, in this order
SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")

# The ground of a figure and what lies on it
CARD = "#F8F7F3"  # soft white, in a dark page too
GRID = "#E2E1DC"
LOST = "#C9C9C9"  # bars of work that was done in vain
ON_BAR = "#FFFFFF"  # words on a coloured bar
WORDS = "#555555"  # words that only label

# What verdicts and quizzes say
RIGHT, WRONG, IDLE = OTHER, VALIDATION, FAINT
FOCUS = "#56B4E9"  # the ring around what the keyboard would press

# The two sides of a difference
GONE, NEW = VALIDATION, TRAINING


def see_through(colour: str, opacity: float) -> str:
    """Return a colour for CSS that lets a light and a dark page through.

    Args:
        colour: "#RRGGBB".
        opacity: 0 (nothing to be seen) to 1 (nothing shines through).
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


SHADE = see_through("#808080", 0.12)  # the ground of code
LINE = see_through("#808080", 0.4)  # a thin rule

# Words of code, about as far from a white page as from a dark one
KEYWORD = "#1C8356"
