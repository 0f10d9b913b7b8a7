"""What stands behind exercises, quizzes and challenges."""
