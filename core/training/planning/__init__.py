"""What a training will need, before it starts: memory, time, and an input size that keeps objects visible."""
