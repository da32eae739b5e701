"""What the page Compare remembers."""
