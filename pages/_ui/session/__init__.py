"""What several pages remember: caches, session state and the address."""
