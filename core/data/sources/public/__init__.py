"""A module for each public data set."""
