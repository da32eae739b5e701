"""Labelled images: sources, splits, checks, cache and augmentation."""
