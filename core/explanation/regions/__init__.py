"""How much of a photo the network needs: the part that suffices, and the part whose absence flips it."""
