"""What a page shows, and what it does first.

`set_up` comes first in every page. `pictures`, `sources`, `markdown` and
`progress_bar` turn results into what a reader sees: HTML that needs no script,
no style sheet and no trust, with a text form that the tests compare. `colours`
is the one palette. What a figure draws belongs in `helpers.plots`; what a
checker or a quiz says, in `helpers.practice`.
"""
