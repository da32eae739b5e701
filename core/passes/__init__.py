"""One pass over a data set, shared among processes."""
