"""The views of the page Trust."""
