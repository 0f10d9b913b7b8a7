"""How long things take and how much memory they keep, measured.

What times or weighs something in a running program belongs here, and the
table that it prints. What only demonstrates a behaviour belongs in
`helpers.demonstrations`, and what draws in `helpers.plots`.
"""
