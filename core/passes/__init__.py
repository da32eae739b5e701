"""One resumable pass over the samples of a data set: in this process, or on a cluster."""
