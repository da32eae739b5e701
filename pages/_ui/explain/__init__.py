"""The views of the page Explain."""
