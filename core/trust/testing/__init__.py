"""A test of maps: its work on one photo, the pass over a sample, and the place where it is resumed."""
