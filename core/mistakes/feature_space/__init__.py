"""The samples of an evaluation in the network's feature space: their map, and the nearest training images."""
