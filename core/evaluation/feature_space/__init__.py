"""Samples as points in a network's feature space: the nearest ones, and a view of all in a plane."""
