"""What layers and channels have learned: activations, pictures by ascent, real examples, weights."""
