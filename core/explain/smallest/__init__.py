"""The smallest part of a photo that suffices for a class, and the smallest part whose absence flips it."""
