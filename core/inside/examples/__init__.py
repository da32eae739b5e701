"""The image patches that excite each channel most, from a pass over a data set."""
