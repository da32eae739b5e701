"""Images by gradient ascent for the channels and classes of a checkpoint, cached on disk."""
