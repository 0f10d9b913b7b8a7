"""Draw the letters of challenge 2 from matplotlib's fonts.

``python -m helpers data`` writes the files of data/letters. The same versions
of matplotlib (the fonts) and Pillow (which draws) give the same files.
"""

import gzip
import struct
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from helpers.datasets import letters

SEED = 42
FINE = 8  # a pixel is drawn as 8 x 8 and then averaged
HEIGHTS = (7.5, 9.5)  # of an H, in pixels
MOST_TURNED = 15  # degrees, either way
MOST_SHIFTED = 1.5  # pixels, either way
FACES = {
    "DejaVu Sans": (
        *("DejaVuSans", "DejaVuSans-Oblique"),
        *("DejaVuSans-Bold", "DejaVuSans-BoldOblique"),
    ),
    "DejaVu Sans Mono": (
        *("DejaVuSansMono", "DejaVuSansMono-Oblique"),
        *("DejaVuSansMono-Bold", "DejaVuSansMono-BoldOblique"),
    ),
    "DejaVu Serif": (
        *("DejaVuSerif", "DejaVuSerif-Italic"),
        *("DejaVuSerif-Bold", "DejaVuSerif-BoldItalic"),
    ),
    "STIX": (
        *("STIXGeneral", "STIXGeneralItalic"),
        *("STIXGeneralBol", "STIXGeneralBolIta"),
    ),
    "Computer Modern": ("cmr10", "cmti10", "cmb10", "cmmi10"),
    "Computer Modern Sans": ("cmss10",),
    "Computer Modern Calligraphic": ("cmsy10",),
    "Computer Modern Typewriter": ("cmtt10",),
}


def draw_files() -> dict[Path, bytes]:
    """Draw everything; return the content of each file of data/letters."""
    generator = np.random.RandomState(SEED)
    images, labels, families = draw_families(
        letters.FAMILY_NAMES, letters.N_PER_FAMILY, generator
    )
    held_out_images, held_out_labels, _ = draw_families(
        [letters.HELD_OUT_FAMILY], letters.N_HELD_OUT, generator
    )
    arrays = {
        letters.IMAGES: images,
        letters.LABELS: labels,
        letters.FAMILIES: families,
        letters.HELD_OUT_IMAGES: held_out_images,
        letters.HELD_OUT_LABELS: held_out_labels,
    }
    return {file: as_idx(array) for file, array in arrays.items()}


def draw_families(
    names: Sequence[str], n: int, generator: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw n images of each letter in each family, in random order.

    Returns:
        images [N, 14, 14], labels [N] and numbers of families [N], uint8.
    """
    images, labels, families = [], [], []
    for family, name in enumerate(names):
        for label, letter in enumerate(letters.CLASS_NAMES):
            for number in range(n):
                face = FACES[name][number % len(FACES[name])]
                images.append(draw_letter(letter, face, generator))
                labels.append(label)
                families.append(family)
    order = generator.permutation(len(images))
    return (
        np.stack(images)[order],
        np.array(labels, np.uint8)[order],
        np.array(families, np.uint8)[order],
    )


def draw_letter(
    letter: str, face: str, generator: np.random.RandomState
) -> np.ndarray:
    """Draw a letter a little turned, moved, larger or smaller.

    Returns:
        an image [14, 14], uint8: 0 is the background, 255 the letter.
    """
    height = generator.uniform(*HEIGHTS)
    angle = generator.uniform(-MOST_TURNED, MOST_TURNED)
    shift = generator.uniform(-MOST_SHIFTED, MOST_SHIFTED, 2)
    font = _font(face, height * FINE)
    left, top, right, bottom = font.getbbox(letter)
    side = letters.SIZE * FINE
    canvas = Image.new("L", (side, side), 0)
    middle = np.array([left + right, top + bottom]) / 2
    corner = side / 2 - middle
    ImageDraw.Draw(canvas).text(tuple(corner), letter, fill=255, font=font)
    canvas = canvas.rotate(
        angle, Image.Resampling.BICUBIC, translate=tuple(shift * FINE)
    )
    return np.asarray(
        canvas.resize((letters.SIZE, letters.SIZE), Image.Resampling.BOX)
    )


def _font(face: str, height: float) -> ImageFont.FreeTypeFont:
    """Load a font in the size in which its H is so many dots high."""
    file = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{face}.ttf")
    # the layout that needs no further library
    layout = ImageFont.Layout.BASIC
    probe = ImageFont.truetype(file, 100, layout_engine=layout)
    _, top, _, bottom = probe.getbbox("H")
    return ImageFont.truetype(
        file, 100 * height / (bottom - top), layout_engine=layout
    )


def as_idx(array: np.ndarray) -> bytes:
    """Return the content of an IDX file, compressed.

    Args:
        array: uint8, such as images [N, height, width].
    """
    header = struct.pack(
        f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape
    )
    # no time of day in it: the same file again
    return gzip.compress(header + array.tobytes(), mtime=0)
