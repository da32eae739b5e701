"""Architectures by name, and the weights that a package brings along."""
