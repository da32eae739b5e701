"""What a person states about foreign weights: class names, and how images are prepared."""
