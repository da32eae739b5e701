"""The image patches that activate each channel most, from a pass over a data set."""
