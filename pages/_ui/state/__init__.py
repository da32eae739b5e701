"""What is remembered: the only caches, and the only keys of the session."""
