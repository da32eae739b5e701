"""Architectures by name, and their published weights."""
