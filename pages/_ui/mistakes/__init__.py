"""The views of the page Mistakes."""
