"""The course as a site: static pages that need no kernel and no network.

Here belongs whatever turns executed pages, words and docstrings into the copies
that Sphinx builds. The pages themselves never change here, and nothing is
executed. What a page stores comes from `helpers.page` and `helpers.practice`.
"""
