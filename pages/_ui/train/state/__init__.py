"""What the page Train remembers."""
