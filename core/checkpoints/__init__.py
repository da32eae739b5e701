"""The folder of a checkpoint: its card and its weights, and weights that come from other programs."""
