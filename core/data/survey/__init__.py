"""Facts about a data set: counts, sizes, copies, and files that cannot be read."""
