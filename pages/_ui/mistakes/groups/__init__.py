"""Groups of mistakes on the page Mistakes."""
