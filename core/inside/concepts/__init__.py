"""The concepts of a layer over a data set: their patches, and what they contribute."""
