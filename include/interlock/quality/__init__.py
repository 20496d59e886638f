"""Great Expectations over a whole batch, without values in its results."""
