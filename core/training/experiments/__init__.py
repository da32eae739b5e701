"""Experiments: several trainings that differ in one thing, compared on a test set."""
