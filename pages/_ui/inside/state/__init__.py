"""What the page Inside remembers."""
