"""The site, as a reader sees it: both themes, a wide window and a phone."""

from pathlib import Path

from tests.browser import axe

THEMES, SIZES = ("light", "dark"), ((1440, 900), (390, 844))
# What is wider than the window, with how far it reaches.
WIDER = """() => {
  const page = document.documentElement;
  return page.scrollWidth > page.clientWidth + 1
    ? page.scrollWidth - page.clientWidth : 0;
}"""


def pages_of(site: Path) -> list[str]:
    """Return the pages of a site, without the texts of single files."""
    names = [path.relative_to(site) for path in site.rglob("*.html")]
    return sorted(
        name.as_posix()
        for name in names
        if name.parts[0] not in ("_static", "files")
    )


def look_at_page(browser, site: Path, name: str, shots: Path) -> list[str]:
    """Open a page of the site from its file; return what is wrong with it.

    Args:
        browser: of Playwright.
        site: the folder that ``python -m helpers site`` built.
        name: of the page, below that folder.
        shots: gains a picture of the page in each theme and width.
    """
    faults = []
    stem = name.removesuffix(".html").replace("/", "-")
    for theme in THEMES:
        for size in SIZES:
            context = browser.new_context(
                color_scheme=theme,
                viewport={"width": size[0], "height": size[1]},
                offline=True,
            )
            where = f"{theme}, {size[0]} pixels"
            shot = shots / f"site_{stem}_{theme}_{size[0]}.png"
            faults += _look(context, site / name, where, shot)
            context.close()
    return faults


def _look(context, path: Path, where: str, shot: Path) -> list[str]:
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(f"{where}: {error}"))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("file:", "data:", "blob:"))
            else faults.append(f"{where}: asks for {request.url}")
        ),
    )
    page.goto(path.as_uri())
    if wider := page.evaluate(WIDER):
        faults.append(f"{where}: {wider} pixels wider than the window")
    faults += axe.judge(page, ["body"], where)
    page.screenshot(path=shot)
    page.close()
    return faults
