"""What a chapter shows in processes of its own: kills, resumes, losses.

Here belongs an experiment that a page starts and a reader may start in a
terminal, with ``python -m helpers``. What a page only measures is in
`helpers.measuring`.
"""
