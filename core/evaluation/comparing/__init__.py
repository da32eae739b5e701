"""Compare two predictions tables: what changed, and whether that could be chance."""
