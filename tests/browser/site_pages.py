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


def look_at_site(browser, site: Path, shots: Path) -> dict[str, list[str]]:
    """Open every page of the site from its files; return what is wrong.

    Args:
        browser: of Playwright.
        site: the folder that ``python -m helpers site`` built.
        shots: gains a picture of each page in each theme and width.

    Returns:
        by page, below the folder, a sentence for each fault.
    """
    found: dict[str, list[str]] = {}
    pages = sorted(
        path
        for path in site.rglob("*.html")
        # code and texts of the repository, all in one form: some are enough
        if path.relative_to(site).parts[0] not in ("_static", "files")
    )
    for theme in THEMES:
        for size in SIZES:
            context = browser.new_context(
                color_scheme=theme,
                viewport={"width": size[0], "height": size[1]},
                offline=True,
            )
            for path in pages:
                name = path.relative_to(site).as_posix()
                where = f"{theme}, {size[0]} pixels"
                stem = name.removesuffix(".html").replace("/", "-")
                shot = shots / f"site_{stem}_{theme}_{size[0]}.png"
                faults = _look(context, path, where, shot)
                found.setdefault(name, []).extend(faults)
            context.close()
    return found


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
