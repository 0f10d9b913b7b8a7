"""The reader's machine: whether it has what the course needs, and set-up.

Here belongs what must run before the packages are there, on any Python: all
files but `in_a_page` import the standard library alone. How a page prepares
itself belongs in `helpers.page`.
"""
