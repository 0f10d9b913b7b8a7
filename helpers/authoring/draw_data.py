"""Draw the files of data/ anew from their seeds: ``python -m helpers data``."""

import argparse
import time
from collections.abc import Sequence

from helpers.authoring import draw_letters
from helpers.datasets import line, rides
from helpers.files import write_whole
from helpers.paths import display_path, missing_course


def main(arguments: Sequence[str] | None = None) -> int:
    """Write every file that a formula and a seed give; return 0."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers data",
        description=(
            "Draw the files of data/ anew. They come out the same; the letters "
            "do with the pinned versions of matplotlib and Pillow."
        ),
    )
    parser.parse_args(arguments)
    if no_course := missing_course():
        parser.error(no_course)
    line.write_csv()
    drawn = zip(
        rides.generate_rides(), (rides.RIDES, rides.HELD_OUT), strict=True
    )
    for part, file in drawn:
        rides.write_rides(part, file)
    for file in (line.CSV_FILE, rides.RIDES, rides.HELD_OUT):
        print(f"{display_path(file)} written")
    start = time.perf_counter()
    for file, content in draw_letters.draw_files().items():
        write_whole(file, content)
        print(f"{display_path(file)} written")
    print(f"The letters took {time.perf_counter() - start:.1f} s.")
    return 0
