"""What the tiles of a layer's channels show."""
