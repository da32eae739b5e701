"""Two tables of predictions beside each other: what changed, and whether that could be chance."""
