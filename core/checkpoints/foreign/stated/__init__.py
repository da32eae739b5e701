"""What the user says about foreign weights: class names and preprocessing."""
