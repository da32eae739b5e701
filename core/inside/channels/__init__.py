"""The channels of a layer for one image, and the classes that they are evidence for."""
