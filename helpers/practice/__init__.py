"""What stands behind exercises, quizzes and challenges.

`helpers.check` holds the checkers themselves, `helpers.practice.quiz` the quizzes.
"""
