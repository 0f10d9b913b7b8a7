"""For those who write pages: execute and store them, make challenges.

Nothing here runs when a page is read or an answer is checked.
"""
