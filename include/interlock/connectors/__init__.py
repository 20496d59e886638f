"""One folder a system; adding one touches its folder and a line in the registry."""
