"""The course in a real browser: JupyterLab, the pages, and the site.

`make browser` runs every page; `.ci/run` plays a short form of a reader's way
through the course. No file here is a test of pytest: a browser is needed.
"""
