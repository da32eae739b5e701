"""Samples of a data set to walk through."""
