"""What the README shows: a training run that moves, the table of chapters.

The times in ``docs/teaching.md`` are made here as well.

python -m helpers readme

The picture is a real training run of chapter 01: a line of the first epochs
after another, and beside it the loss, as it falls. It is an SVG whose frames
follow one another by a style sheet, so that it moves on GitHub, where no
script runs. Where a reader wants nothing to move, the last frame stands still.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import torch

from helpers import course
from helpers.datasets.line import generate_data, split_data
from helpers.files import write_whole
from helpers.model_configuration.v1 import configure_model
from helpers.page import colours
from helpers.paths import ROOT, display_path, missing_course

PICTURE = ROOT / "docs" / "training.svg"
README = ROOT / "README.md"
TEACHING = ROOT / "docs" / "teaching.md"
# What stands between these two lines of a text is made.
CHAPTERS = ("<!-- chapters -->", "<!-- end of chapters -->")
TIMES = ("<!-- times -->", "<!-- end of times -->")

EPOCHS = (0, 1, 2, 3, 4, 6, 8, 12, 18, 28, 45, 70, 110, 180)
SECONDS = 0.9  # a frame is to be seen
WIDTH, HEIGHT = 860, 330  # of the picture
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Axes:
    """A part of the picture, and the numbers along its two sides.

    Attributes:
        left, top, width, height: in pixels.
        x, y: lowest and highest number along each side.
    """

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def place(self, x: float, y: float) -> str:
        """Return where a point lies: "X,Y" in pixels, to a tenth."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return (
            f"{self.left + across * self.width:.1f},"
            f"{self.top + (1 - up) * self.height:.1f}"
        )


POINTS = Axes(60, 56, 400, 220, x=(0, 1), y=(0.4, 3.2))
LOSSES = Axes(560, 56, 260, 220, x=(0, EPOCHS[-1]), y=(-2.3, 0.7))


@dataclass(frozen=True)
class Run:
    """A training run of the line.

    Attributes:
        x, y: the training points.
        lines: bias and weight before each epoch, and after the last.
        losses: of each epoch, before its step; one more than the last epoch.
    """

    x: np.ndarray
    y: np.ndarray
    lines: list[tuple[float, float]]
    losses: list[float]


def train_line(n_epochs: int = EPOCHS[-1]) -> Run:
    """Train version 1 of the model on all points, and keep every line."""
    x_train, y_train, *_ = split_data(*generate_data())
    tensors = [
        torch.as_tensor(array, dtype=torch.float32)
        for array in (x_train, y_train)
    ]
    configuration = configure_model(device="cpu")
    lines, losses = [], []
    for _ in range(n_epochs + 1):
        weight, bias = (
            float(value.item()) for value in configuration.model.parameters()
        )
        lines.append((bias, weight))
        losses.append(configuration.train_step_fn(*tensors))
    return Run(x_train.ravel(), y_train.ravel(), lines, losses)


def draw_training(run: Run) -> str:
    """Draw a training run as an SVG that moves."""
    frames = [_frame(run, i, epoch) for i, epoch in enumerate(EPOCHS)]
    first, last = run.losses[0], run.losses[EPOCHS[-1]]
    words = (
        f"A line is trained on 80 points. Within {EPOCHS[-1]} epochs its loss "
        f"falls from {first:.2f} to {last:.4f}, and it comes to lie among the "
        "points."
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(words)}" font-family="{FONT}">',
            f"<title>{escape(words)}</title>",
            _style(),
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="12" '
            f'fill="{colours.CARD}"/>',
            *_ground(run),
            *frames,
            "</svg>\n",
        ]
    )


def _style() -> str:
    """Let the frames follow one another, unless nothing is to move."""
    n = len(EPOCHS)
    whole = n * SECONDS
    delays = "".join(
        f"#f{i}{{animation-delay:{i * SECONDS:.1f}s}}" for i in range(n)
    )
    return (
        "<style>.f{visibility:hidden}"
        f"#f{n - 1}{{visibility:visible}}"
        "@media (prefers-reduced-motion:no-preference){"
        f"#f{n - 1}{{visibility:hidden}}"
        f".f{{animation:show {whole:.1f}s step-end infinite}}{delays}"
        f"@keyframes show{{0%{{visibility:visible}}"
        f"{100 / n:.3f}%{{visibility:hidden}}}}}}</style>"
    )


def _ground(run: Run) -> list[str]:
    """Draw what every frame has: points, axes and their names."""
    dots = "".join(
        f'<circle cx="{place[0]}" cy="{place[1]}" r="3"/>'
        for place in (
            POINTS.place(x, y).split(",")
            for x, y in zip(run.x, run.y, strict=True)
        )
    )
    return [
        f'<g fill="{colours.TRAINING}" fill-opacity="0.65">{dots}</g>',
        _axes(POINTS, [0, 0.5, 1], [(1, "1"), (2, "2"), (3, "3")]),
        _axes(
            LOSSES,
            [0, EPOCHS[-1] // 2, EPOCHS[-1]],
            [(-2, "0.01"), (-1, "0.1"), (0, "1")],
        ),
        _text(POINTS.left, 32, "the line, and the points it learns from", 17),
        _text(LOSSES.left, 32, "its loss", 17),
        _text(POINTS.left + POINTS.width / 2, HEIGHT - 14, "x", 14, "middle"),
        _text(
            LOSSES.left + LOSSES.width / 2, HEIGHT - 14, "epoch", 14, "middle"
        ),
    ]


def _axes(
    axes: Axes, across: Sequence[float], up: Sequence[tuple[float, str]]
) -> str:
    """Draw the two sides of a part, with their numbers."""
    parts = []
    bottom = axes.top + axes.height
    for number, word in up:
        y = axes.place(axes.x[0], number).split(",")[1]
        parts.append(
            f'<path d="M{axes.left},{y}h{axes.width}" stroke="{colours.GRID}"/>'
        )
        parts.append(_text(axes.left - 8, float(y) + 5, word, 13, "end"))
    for number in across:
        x = axes.place(number, axes.y[0]).split(",")[0]
        parts.append(_text(float(x), bottom + 20, f"{number:g}", 13, "middle"))
    parts.append(
        f'<path d="M{axes.left},{bottom}h{axes.width}" '
        f'stroke="{colours.WORDS}"/>'
    )
    return "".join(parts)


def _frame(run: Run, i: int, epoch: int) -> str:
    """Draw what one frame adds: the line, and the loss so far."""
    bias, weight = run.lines[epoch]
    line = " ".join(POINTS.place(x, bias + weight * x) for x in POINTS.x)
    places = [
        LOSSES.place(e, float(np.log10(loss)))
        for e, loss in enumerate(run.losses[: epoch + 1])
    ]
    x, y = places[-1].split(",")
    said = f"epoch {epoch}: loss {run.losses[epoch]:.3f}"
    right = LOSSES.left + LOSSES.width
    return (
        f'<g class="f" id="f{i}">'
        f'<polyline points="{line}" stroke="{colours.VALIDATION}" '
        'stroke-width="4" stroke-linecap="round"/>'
        f'<polyline points="{" ".join(places)}" fill="none" '
        f'stroke="{colours.TRAINING}" stroke-width="3"/>'
        f'<circle cx="{x}" cy="{y}" r="5" fill="{colours.VALIDATION}"/>'
        f"{_text(right, 76, said, 15, 'end')}</g>"
    )


def _text(
    x: float, y: float, words: str, size: int, anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" '
        f'text-anchor="{anchor}" fill="{colours.MODEL}">{escape(words)}</text>'
    )


def table_of_chapters() -> str:
    """Return the parts and their chapters as Markdown, from course.toml."""
    lines = [
        "| page | what you build | pipeline: data, model, training | minutes |",
        "|---|---|---|---|",
    ]
    for page in course.chapters():
        lines.append(
            f"| [{page.name}](notebooks/{page.file}) | {page.builds} | "
            f"{', '.join(page.versions)} | {page.minutes} |"
        )
    return "\n".join(lines)


def table_of_times() -> str:
    """Return how long each part takes, as Markdown, from course.toml."""
    lines = ["| part | chapters | their hours | challenges, hours |"]
    lines.append("|---|---|---|---|")
    pages = course.all_pages()
    for part in sorted({page.part for page in pages}):
        of_part = [page for page in pages if page.part == part]
        keys = [page.key for page in of_part if page.kind == "chapter"]
        hours = [
            sum(page.minutes for page in of_part if page.kind in kinds) / 60
            for kinds in (("chapter", "quiz"), ("challenge",))
        ]
        lines.append(
            f"| {'I' * part} | {keys[0]} to {keys[-1]} | {hours[0]:.1f} | "
            f"{hours[1]:.1f} |"
        )
    return "\n".join(lines)


def with_table(text: str, marks: tuple[str, str], table: str) -> str:
    """Return a text with the table as it has to be.

    Raises:
        ValueError: a mark is missing.
    """
    before, _, rest = text.partition(marks[0])
    _, mark, after = rest.partition(marks[1])
    if not mark:
        raise ValueError(f"the text has lost its marks, {marks}")
    return f"{before}{marks[0]}\n\n{table}\n\n{marks[1]}{after}"


def texts() -> dict[Path, str]:
    """Return both texts as they have to be."""
    readme = README.read_text(encoding="utf-8")
    teaching = TEACHING.read_text(encoding="utf-8")
    return {
        README: with_table(readme, CHAPTERS, table_of_chapters()),
        TEACHING: with_table(teaching, TIMES, table_of_times()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the picture and the table; return 0."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers readme",
        description="Make the picture and the table of chapters that the "
        "README shows, and the times in docs/teaching.md.",
    )
    parser.parse_args(arguments)
    if no_course := missing_course():
        parser.error(no_course)
    torch.set_num_threads(1)
    picture = draw_training(train_line())
    for path, text in {PICTURE: picture, **texts()}.items():
        write_whole(path, text.encode())
        print(f"{display_path(path)} written")
    return 0
