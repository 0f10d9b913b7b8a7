"""Accessibility, as axe-core judges it: only what it calls serious."""

from importlib.resources import files

SCRIPT = files("axe_playwright_python").joinpath("axe.min.js")
SERIOUS = {"serious", "critical"}
# What is judged in JupyterLab: its own parts are not ours to mend.
PARTS = [
    ".course-quiz",
    ".course-moving",
    ".jp-CodeCell .jp-OutputArea-output details",
]
RUN = """async selectors => {
  const parts = selectors.filter(one => document.querySelector(one));
  if (!parts.length) return {seen: 0, faults: []};
  const options = {resultTypes: ['violations']};
  const found = await axe.run({include: parts.map(one => [one])}, options);
  const faults = [];
  for (const rule of found.violations)
    for (const node of rule.nodes)
      faults.push([rule.impact, rule.id, node.html.slice(0, 90)]);
  return {seen: parts.length, faults};
}"""


def judge(page, selectors: list[str], where: str) -> list[str]:
    """Return the serious faults in parts of what a browser shows.

    Args:
        page: a page of Playwright.
        selectors: of CSS; a part that is not on the page is passed over, but
            one of them has to be there.
        where: words for a person.
    """
    if not page.evaluate("() => Boolean(window.axe)"):
        page.add_script_tag(content=SCRIPT.read_text(encoding="utf-8"))
    found = page.evaluate(RUN, selectors)
    if not found["seen"]:
        return [f"{where}: nothing to judge, none of {selectors} is there"]
    return sorted(
        {
            f"{where}, {impact}: {rule}, {html}"
            for impact, rule, html in found["faults"]
            if impact in SERIOUS
        }
    )
