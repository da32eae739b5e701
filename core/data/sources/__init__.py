"""Where data comes from: a module per public data set, and any folder of images."""
