"""What the page Explain keeps in the session and in caches."""
