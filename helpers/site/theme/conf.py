"""How Sphinx builds the site (https://www.sphinx-doc.org/).

This file runs in the environment of the site, which sees the course.
"""

import sys
from pathlib import Path

from helpers.page import colours

sys.path.insert(0, str(Path(__file__).parent))

project = "Rethinking the training loop"
author = "the authors of the course"
copyright = "MIT licence"
extensions = ["myst_nb", "course_pages"]
exclude_patterns = ["**.ipynb_checkpoints"]

# The pages are executed already.
nb_execution_mode = "off"
nb_merge_streams = True
nb_metadata_to_fm = True
nb_code_prompt_show = "Show the {type}"
nb_code_prompt_hide = "Hide the {type}"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_heading_slug_func = "course_pages.anchor"

html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["course.css"]
html_js_files = [("course.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
# a summary of each result is fetched, which a page from a file may not do
html_show_search_summary = False
html_math_renderer = "mathml"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


def _mixed(other):
    """Return the colour of keywords, nearer to the words of a theme."""
    return f"color-mix(in srgb, {colours.KEYWORD}, {other})"


_PALETTE = {
    "course-line": colours.LINE,
    "course-shade": colours.SHADE,
    "course-focus": colours.FOCUS,
    "course-predict": colours.see_through(colours.TRAINING, 0.1),
    "course-predict-line": colours.TRAINING,
}
html_theme_options = {
    "light_css_variables": {**_PALETTE, "course-keyword": _mixed("black 30%")},
    "dark_css_variables": {**_PALETTE, "course-keyword": _mixed("white 50%")},
}
