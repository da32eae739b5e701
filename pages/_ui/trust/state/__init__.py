"""What the page Trust keeps in the address and in caches."""
