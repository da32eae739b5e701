"""The mistakes of a checkpoint as one HTML file."""
