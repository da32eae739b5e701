"""One pass over a data set, shared out among processes."""
