"""Open pages in a real JupyterLab, run all cells, and look: `make browser`.

    python -m tests.browser --out DIR [--dark] [--width PIXELS] [page ...]
    python -m tests.browser --out DIR --short
    python -m tests.browser --out DIR --site

Each page is run from top to bottom, its quiz answered and a hint opened with
the keyboard alone, saved and closed. Then it is opened again twice: after its
kernel was shut down, and as a page that JupyterLab does not trust. Exits with 1
if a cell that is not meant to fail does or writes to stderr, if a quiz, a
figure, a difference, a verdict or a frame is not there, live or reopened, or if
the page or the server complains. Saves screenshots to DIR. The pages lie in a
copy; the repository's own are not touched.

The short form goes a reader's way: the start page, its link to the next one, a
quiz by keyboard, an exercise wrong and then right, a figure that moves, the
curves inside TensorBoard, both themes at two widths, and axe-core's rules.

With --site every page of the site is opened from its files, without a network,
in both themes, in a wide window and on a phone.

Needs the packages of tests/browser/requirements.txt and a Chromium, which is
not installed here: on Debian, `apt install chromium`.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from tests.browser.lab import FLAGS, ROOT, copied, jupyterlab, left_behind
from tests.browser.short import SCENES
from tests.browser.site_pages import look_at_page, pages_of
from tests.browser.whole_pages import look_at

SITE = ROOT / "site"


def every_page() -> list[str]:
    """Return the paths of all pages, as below notebooks/."""
    notebooks = ROOT / "notebooks"
    return sorted(
        path.relative_to(notebooks).as_posix()
        for path in notebooks.rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts
    )


def told(name: str, faults: list[str], begin: float) -> bool:
    """Print how something went; return whether it went wrong."""
    seconds = time.monotonic() - begin
    words = "; ".join(faults) or "as it should"
    print(f"{name} ({seconds:.0f} s): {words}", flush=True)
    return bool(faults)


def look_around(chromium: str, root: Path, options) -> int:
    """Look at pages, or play the scenes; return how many had faults."""
    n_bad = 0
    with (
        jupyterlab(root, options.dark) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium, args=FLAGS
        )
        if options.short:
            for name in options.pages or SCENES:
                scene = SCENES[name]
                begin = time.monotonic()
                try:
                    faults = scene(browser, address, options.out)
                except PlaywrightError as error:
                    faults = [f"{type(error).__name__}: {error!s:.200}"]
                n_bad += told(name, faults, begin)
        else:
            for name in options.pages or every_page():
                begin = time.monotonic()
                faults = look_at(browser, address, root, name, options)
                n_bad += told(name, faults, begin)
        browser.close()
    return n_bad


def look_at_the_site(chromium: str, options) -> int:
    """Look at the site that stands in ``site/``; return 1 if it has faults."""
    if not (SITE / "index.html").exists():
        print("No site here: build it with `make site`.")
        return 1
    n_bad = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=FLAGS
        )
        for name in options.pages or pages_of(SITE):
            begin = time.monotonic()
            faults = look_at_page(browser, SITE, name, options.out)
            n_bad += told(name, faults, begin)
        browser.close()
    return int(n_bad > 0)


def main() -> int:
    """Look at what the arguments name; return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "pages", nargs="*", help="as below notebooks/ or site/, or scenes"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--short", action="store_true", help="a reader's way")
    parser.add_argument("--site", action="store_true", help="the built site")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--height", type=int, default=900)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("No Chromium here: install it, or add it to the path.")
        return 1
    if options.site:
        return look_at_the_site(chromium, options)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = copied(Path(folder))
        n_bad = look_around(chromium, root, options)
        time.sleep(3)
        left = left_behind(root)
        print(f"afterwards: {'; '.join(left) or 'nothing is left'}")
    return int(n_bad > 0 or bool(left))


if __name__ == "__main__":
    sys.exit(main())
