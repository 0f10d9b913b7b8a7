"""What matplotlib draws, as a short SVG whose parts belong to steps.

matplotlib's own SVG has every letter as a path and fits a picture; here words
stay words, numbers have one decimal, and a part that several steps have in
common is written once. A part is told from others by its style and its shape.
"""

import base64
import html
import io
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from PIL import Image

from helpers.page.figure_style import STYLE
from helpers.page.moving import Drawing

PIXELS = 100  # of a page, per inch
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MANY = 12  # points: fewer are not worth thinning
THIN = 0.3  # pixels that a line may move when points are left out
EDGE = 1.5  # pixels: neighbours may cover each other so much


Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Part:
    """A part of a drawing.

    Attributes:
        tag: with {} in the place of what differs between parts of one look.
        shape: what belongs there: a path, words.
        box: where it lies, in pixels of a page.
        first: the step that shows it first, counted from 1.
        last: the step that shows it last.
    """

    tag: str
    shape: str
    box: Box
    first: int = 1
    last: int = 1

    @property
    def kind(self) -> tuple[str, int, int]:
        """What parts written in one tag have in common."""
        return self.tag, self.first, self.last


def parts_of(figure: Figure) -> list[Part]:
    """Return the parts of a figure, those further back first."""
    width, height = figure.get_size_inches() * PIXELS
    renderer = _Renderer(width, height)
    with matplotlib.rc_context({**STYLE, "path.simplify_threshold": 0.3}):
        figure.draw(renderer)
    return renderer.parts


def drawing_of(steps: Sequence[Figure]) -> Drawing:
    """Return one drawing of figures of one size, each a step of it."""
    shared = _shared([parts_of(figure) for figure in steps])
    width, height = steps[0].get_size_inches() * PIXELS
    return Drawing(_written(shared, len(steps)), width, height)


# ------------------------------------------------------- parts of many steps


def _shared(steps: Sequence[Sequence[Part]]) -> list[Part]:
    """Join parts that steps have in common, and keep the order of each step."""
    order: list[Part] = []
    for k, parts in enumerate(steps, start=1):
        before = {
            (one.tag, one.shape): number
            for number, one in enumerate(order)
            if one.last == k - 1
        }
        joined: list[Part] = []
        place = 0
        for part in parts:
            found = before.get((part.tag, part.shape), -1)
            if found < place:
                joined.append(replace(part, first=k, last=k))
            else:
                joined += [*order[place:found], replace(order[found], last=k)]
                place = found + 1
        order = joined + order[place:]
    return order


def _written(parts: Sequence[Part], n_steps: int) -> str:
    """Write parts as SVG, those of one kind in one tag where they may be."""
    groups: list[list[Part]] = []
    for part in parts:
        for group in reversed(groups):
            if group[0].kind == part.kind:
                group.append(part)
                break
            if any(_overlap(part.box, other.box) for other in group):
                groups.append([part])
                break
        else:
            groups.append([part])
    tags = [
        (
            group[0].first,
            group[0].last,
            group[0].tag.replace("{}", "".join(one.shape for one in group)),
        )
        for group in groups
    ]
    return _grouped(tags, n_steps)


def _overlap(one: Box, other: Box) -> bool:
    """Say whether two parts cover each other by more than their edges."""
    left, right = max(one[0], other[0]), min(one[2], other[2])
    top, bottom = max(one[1], other[1]), min(one[3], other[3])
    return right - left > EDGE and bottom - top > EDGE


def _grouped(tags: Sequence[tuple[int, int, str]], n_steps: int) -> str:
    written, number = [], 0
    while number < len(tags):
        first, last, _ = tags[number]
        inner = []
        while number < len(tags) and tags[number][:2] == (first, last):
            inner.append(tags[number][2])
            number += 1
        joined = "".join(inner)
        if (first, last) != (1, n_steps):
            joined = f'<g style="--a:{first};--b:{last}">{joined}</g>'
        written.append(joined)
    return "".join(written)


# ------------------------------------------------------------ a single figure


class _Renderer(RendererBase):
    """Takes down what a figure draws, in pixels of a page."""

    def __init__(self, width: float, height: float):
        super().__init__()
        self.width, self.height = width, height
        self.parts: list[Part] = []
        self.upright = Affine2D().scale(1, -1).translate(0, height)

    def get_canvas_width_height(self):
        return self.width, self.height

    def points_to_pixels(self, points: Any) -> Any:
        return points * PIXELS / 72

    def draw_path(self, gc, path, transform, rgbFace=None):
        style = self._style(gc, rgbFace)
        if not style:
            return
        box = gc.get_clip_rectangle()
        clip = None
        if box is not None and rgbFace is None:
            low, high = self.height - box.y1, self.height - box.y0
            clip = (box.x0, low, box.x1, high)
        clean = path.cleaned(
            transform + self.upright, remove_nans=True, clip=clip, curves=True
        )
        if rgbFace is None:
            clean = _thinned(clean)
        tag = f'<path {style} d="{{}}"/>'
        self._add(tag, _written_path(clean), _box_of(clean))

    def draw_markers(
        self, gc, marker_path, marker_trans, path, trans, rgbFace=None
    ):
        codes = marker_path.codes
        is_round = codes is not None and Path.CURVE4 in np.asarray(codes)
        if not is_round or rgbFace is None:
            super().draw_markers(
                gc, marker_path, marker_trans, path, trans, rgbFace
            )
            return
        # a dot is the round end of a line without length
        width = marker_path.get_extents(marker_trans).width
        colour, opacity = _colour(rgbFace, gc)
        tag = (
            f'<path stroke="{colour}" stroke-width="{_short(width)}" '
            f'stroke-linecap="round"{opacity.format("stroke-")} d="{{}}"/>'
        )
        for x, y in _points(path.transformed(trans + self.upright)):
            if np.isfinite((x, y)).all():
                box = x - width / 2, y - width / 2, x + width / 2, y + width / 2
                self._add(tag, f"M{_short(x)} {_short(y)}h0", box)

    def draw_image(self, gc, x, y, im, transform=None):
        dots = Image.fromarray(np.asarray(im)[::-1])
        buffer = io.BytesIO()
        dots.quantize(32).save(buffer, format="PNG")
        data = base64.b64encode(buffer.getvalue()).decode("ascii")
        height, width = np.asarray(im).shape[:2]
        top = self.height - y - height
        self._add(
            "{}",
            f'<image x="{_short(x)}" y="{_short(top)}" width="{width}" '
            f'height="{height}" href="data:image/png;base64,{data}"/>',
            (x, top, x + width, top + height),
        )

    def draw_text(
        self, gc, x, y, s, prop, angle, ismath=False, mtext: Any = None
    ):
        if ismath:
            s = _plain(s)
        size = self.points_to_pixels(prop.get_size_in_points())
        colour, opacity = _colour(gc.get_rgb(), gc)
        look = f'font-size="{_short(size)}" fill="{colour}"{opacity.format("")}'
        if prop.get_weight() in ("bold", 700):
            look += ' font-weight="bold"'
        place = f'x="{_short(x)}" y="{_short(y)}"'
        if angle:
            turned = f"{_short(-angle)} {_short(x)} {_short(y)}"
            place += f' transform="rotate({turned})"'
        elif mtext is not None and mtext.get_ha() != "left":
            # fonts differ in width: centred words stay centred
            anchor = {"center": "middle", "right": "end"}[mtext.get_ha()]
            look += f' text-anchor="{anchor}"'
            spot = mtext.get_unitless_position()
            place = (
                f'x="{mtext.get_transform().transform(spot)[0]:.0f}" '
                f'y="{y:.0f}"'
            )
        words = html.escape(s, quote=False)
        length = size * len(s)
        self._add(
            f"<g {look}>{{}}</g>",
            f"<text {place}>{words}</text>",
            (x, y - length if angle else y - size, x + length, y + 3),
        )

    def _add(self, tag: str, shape: str, box: Box) -> None:
        if shape:
            self.parts.append(Part(tag, shape, box))

    def _style(self, gc, face) -> str:
        """Return the attributes of a path; "" if nothing of it is seen."""
        said = []
        has_face = face is not None and (len(face) < 4 or face[3] > 0)
        if has_face:
            colour, opacity = _colour(face, gc)
            said.append(f'fill="{colour}"{opacity.format("fill-")}')
        else:
            said.append('fill="none"')
        width = self.points_to_pixels(gc.get_linewidth())
        has_edge = width > 0 and gc.get_rgb()[3] > 0
        if has_edge:
            colour, opacity = _colour(gc.get_rgb(), gc)
            said.append(
                f'stroke="{colour}" stroke-width="{_short(width)}"'
                f"{opacity.format('stroke-')}"
            )
            _, dashes = gc.get_dashes()
            if dashes is not None:
                lengths = (self.points_to_pixels(one) for one in dashes)
                said.append(
                    f'stroke-dasharray="{" ".join(map(_short, lengths))}"'
                )
            if gc.get_joinstyle() == "round":
                said.append('stroke-linejoin="round"')
        return " ".join(said) if has_face or has_edge else ""


def _plain(formula: str) -> str:
    """Write the number beside a tick of a logarithmic axis: 10⁻⁴.

    Raises:
        ValueError: it is another formula.
    """
    found = re.fullmatch(r"\$\\mathdefault\{(\d+)\^\{(-?\d+)\}\}\$", formula)
    if found is None:
        raise ValueError(f"No formulas in a picture that moves: {formula}")
    return found[1] + found[2].translate(RAISED)


def _points(path: Path) -> np.ndarray:
    return np.asarray(path.vertices, dtype=float)


def _thinned(path: Path) -> Path:
    """Leave out the points of lines that lie on the line without them."""
    straight = (Path.MOVETO, Path.LINETO, Path.STOP)
    vertices, codes = _points(path), np.asarray(path.codes)
    if len(vertices) < MANY or not np.isin(codes, straight).all():
        return path
    ends = codes == Path.STOP
    vertices, codes = vertices[~ends], codes[~ends]
    begins = [*np.flatnonzero(codes == Path.MOVETO), len(codes)]
    kept = np.zeros(len(codes), bool)
    for begin, end in itertools.pairwise(begins):
        kept[begin:end] = _needed(vertices[begin:end])
    return Path(vertices[kept], codes[kept])


def _needed(places: np.ndarray) -> np.ndarray:
    """Say which points of a line it needs (Douglas and Peucker, 1973)."""
    kept = np.zeros(len(places), bool)
    kept[[0, -1]] = True
    todo = [(0, len(places) - 1)]
    while todo:
        begin, end = todo.pop()
        if end - begin < 2:
            continue
        along = places[end] - places[begin]
        length = np.hypot(*along)
        apart = places[begin + 1 : end] - places[begin]
        if length:
            far = np.abs(apart @ (-along[1], along[0])) / length
        else:
            far = np.hypot(*apart.T)
        worst = begin + 1 + int(far.argmax())
        if far.max() > THIN:
            kept[worst] = True
            todo += [(begin, worst), (worst, end)]
    return kept


def _box_of(path: Path) -> Box:
    # the end of a polygon has a place that means nothing
    every = _points(path)
    ends = np.isin(np.asarray(path.codes), [Path.CLOSEPOLY, Path.STOP])
    places = every[~ends & np.isfinite(every).all(axis=1)]
    if not len(places):
        return (0, 0, 0, 0)
    low, high = places.min(axis=0), places.max(axis=0)
    return low[0], low[1], high[0], high[1]


def _colour(rgb, gc) -> tuple[str, str]:
    """Return a colour, and the attribute of its opacity, to be filled in."""
    alpha = rgb[3] if len(rgb) > 3 else 1.0
    if gc.get_forced_alpha():
        alpha = gc.get_alpha()
    opacity = "" if alpha >= 1 else f' {{}}opacity="{_short(alpha, 2)}"'
    return to_hex(rgb[:3]), opacity


def _short(value: float, digits: int = 1) -> str:
    """Write a number with few characters: .5, 12, -3.1."""
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text.lstrip("-").startswith("0."):
        return text.replace("0.", ".", 1)
    return "0" if text == "-0" else text


def _written_path(path: Path) -> str:
    """Write a path, each place from the one before it."""
    written: list[str] = []
    here, start = (0, 0), (0, 0)  # in tenths of a pixel
    for numbers, code in path.iter_segments(simplify=False, curves=True):
        if code == Path.STOP:
            break
        if code == Path.CLOSEPOLY:
            written.append("z")
            here = start
            continue
        if not all(map(math.isfinite, numbers)):
            continue
        places = [
            (round(10 * x), round(10 * y))
            for x, y in zip(numbers[::2], numbers[1::2], strict=True)
        ]
        if code == Path.MOVETO:
            written.append("M" + _pair(places[0]))
            start = places[0]
        elif code == Path.LINETO:
            written.append(_line(here, places[0]))
        else:
            letter = {Path.CURVE3: "q", Path.CURVE4: "c"}[code]
            steps = [(x - here[0], y - here[1]) for x, y in places]
            written.append(letter + " ".join(map(_pair, steps)))
        here = places[-1]
    return "".join(written)


def _line(here: tuple[int, int], there: tuple[int, int]) -> str:
    dx, dy = there[0] - here[0], there[1] - here[1]
    if not dx and not dy:
        return ""
    if not dy:
        return "h" + _short(dx / 10)
    return "v" + _short(dy / 10) if not dx else "l" + _pair((dx, dy))


def _pair(place: tuple[int, int]) -> str:
    x, y = (_short(one / 10) for one in place)
    return f"{x}{'' if y.startswith('-') else ' '}{y}"
