"""The weights of convolutions, as pictures."""
