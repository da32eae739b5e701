"""Weights of other programs: read safely, understood, and fitted to an architecture."""
