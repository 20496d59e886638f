"""Demo data and the walk through it."""
