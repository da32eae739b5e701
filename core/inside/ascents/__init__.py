"""Images by gradient ascent for the channels and classes of a checkpoint, kept on disk."""
