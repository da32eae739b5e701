"""Whether a map can be believed: tests of a map against the network that it explains."""
