"""Which method, at which layer, can be believed for a network: measured on a sample of photos."""
