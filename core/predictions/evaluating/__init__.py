"""A checkpoint over its samples: which they are, one pass over them, in parts, in the background."""
