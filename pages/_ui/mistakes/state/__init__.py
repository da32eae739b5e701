"""What the views of this page keep in caches and in the session."""
