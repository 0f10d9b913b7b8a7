"""The pipeline of the course: versioned modules and the tools around them."""
