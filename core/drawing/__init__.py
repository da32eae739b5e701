"""Arrays to pictures: colormaps, scaling for display, tiles."""
