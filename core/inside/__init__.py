"""What layers and channels have learned: activations, images by ascent, real examples, weights."""
