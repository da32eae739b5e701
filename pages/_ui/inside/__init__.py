"""The views of the page Inside."""
