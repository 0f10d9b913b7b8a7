"""What Sphinx lacks for the pages of the course: anchors, links, mathematics.

A heading has the anchor that JupyterLab gives it, so that the links of a page
lead to the same place in both.
"""

import html
import posixpath
import re
from urllib.parse import unquote

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

LOG = logging.getLogger(__name__)
HREF = re.compile(r'href="([^":#]+)\.ipynb(?:#([^"]*))?"')


def setup(app):
    """Add them to Sphinx."""
    app.add_html_math_renderer(
        "mathml", (inline_math, None), (displayed_math, None)
    )
    app.connect("doctree-resolved", lead_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def anchor(title: str) -> str:
    """Return the anchor of a heading, as JupyterLab makes it."""
    return title.replace("`", "").replace(" ", "-")


def inline_math(self, node):
    """Write a formula within a line as MathML."""
    self.body.append(as_mathml(node, as_block=False))
    raise nodes.SkipNode


def displayed_math(self, node):
    """Write a formula on lines of its own as MathML."""
    self.body.append(f'<div class="math-block">{as_mathml(node, True)}</div>')
    raise nodes.SkipNode


def as_mathml(node, as_block):
    """Return a formula as MathML, or as it was written with a warning."""
    # a command that the converter does not know, for one that it does
    formula = re.sub(r"\\dots\b", r"\\ldots", node.astext())
    try:
        return tex2mathml(formula, as_block=as_block)
    except MathError as error:
        LOG.warning("%s: %s", formula, error, location=node)
        return html.escape(formula)


def lead_links(app, doctree, docname):
    """Lead the links that are HTML to the pages of the site."""

    def led(match):
        path, name = unquote(match[1]), unquote(match[2] or "")
        here = posixpath.dirname(docname)
        target = posixpath.normpath(posixpath.join(here, path))
        if target not in app.env.found_docs:
            LOG.warning("no page %r for a link", target, location=docname)
            return match[0]
        address = app.builder.get_relative_uri(docname, target)
        if not name:
            return f'href="{address}"'
        slugs = app.env.metadata[target].get("myst_slugs", {})
        if name not in slugs:
            LOG.warning("%r has no section %r", target, name, location=docname)
            return match[0]
        return f'href="{address}#{slugs[name][1]}"'

    for node in doctree.findall(nodes.raw):
        if "html" in node["format"].split():
            text = node.astext()
            new = HREF.sub(led, text)
            if new != text:
                node[:] = [nodes.Text(new)]
                node.rawsource = new
