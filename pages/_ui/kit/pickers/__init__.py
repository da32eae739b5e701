"""Widgets that pick a photo, a class, a layer, a method."""
