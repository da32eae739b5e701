"""Evaluations on a page: pick one, start one, and its main numbers."""
