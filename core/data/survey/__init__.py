"""What a data set holds: counts, sizes, copies, and files that cannot be read."""
