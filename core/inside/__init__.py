"""What layers and channels have learned: activations, ascent images, real examples, weights."""
