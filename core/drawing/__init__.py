"""Arrays to pictures: colour maps, scaling for display, tiles."""
