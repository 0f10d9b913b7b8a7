"""The pipeline at the end of a chapter, with the stages lit that are new."""

from helpers.course import chapters, find_page
from helpers.page.colours import FAINT, OTHER, TRAINING, VALIDATION
from helpers.page.pictures import listed
from helpers.plots.diagrams import Arrow, Box, diagram
from helpers.plots.style import picture

# name, entry point, colour, column and row of each stage
STAGES = (
    ("data preparation", "prepare_data", TRAINING, 1, 0),
    ("model configuration", "configure_model", OTHER, 1, 1),
    ("model training", "train", VALIDATION, 2, 0.5),
)


@picture
def pipeline_now(key: str):
    """Draw the versions that the pipeline has at the end of a chapter.

    Args:
        key: of the chapter in ``course.toml``, such as "05".

    Raises:
        KeyError, ValueError: there is no such chapter.
    """
    now, before = find_page(key).versions, _versions_before(key)
    is_new = [a != b for a, b in zip(now, before, strict=True)]
    boxes = [Box("x, y", "arrays", FAINT, 0, 0)]
    for (name, entry, lit, column, row), version, new in zip(
        STAGES, now, is_new, strict=True
    ):
        colour = lit if new else FAINT
        boxes.append(Box(name, f"{entry}, {version}", colour, column, row))
    boxes.append(Box("losses", "and a model", FAINT, 3, 0.5))
    arrows = [
        Arrow("x, y", "data preparation"),
        Arrow("data preparation", "model training"),
        Arrow("model configuration", "model training"),
        Arrow("model training", "losses"),
    ]
    said = [
        f"{name} {version}"
        for (name, *_), version in zip(STAGES, now, strict=True)
    ]
    new = [one for one, is_one in zip(said, is_new, strict=True) if is_one]
    title = f"New in chapter {key}: {listed(new)}" if new else ""
    title = title or f"Chapter {key} leaves all three stages as they were"
    return diagram(boxes, arrows, title), (
        f"The pipeline at the end of chapter {key}. Arrays x, y go into "
        f"{said[0]} (prepare_data). That and {said[1]} (configure_model) "
        f"lead to {said[2]} (train), which gives losses and a model. {title}."
    )


def _versions_before(key: str) -> tuple[str, ...]:
    """Return the versions that a chapter starts from; "" for the first."""
    keys = [page.key for page in chapters()]
    place = keys.index(key)
    return chapters()[place - 1].versions if place else ("", "", "")
