"""From arrays to pictures: colormaps, scaling for display, tiles."""
