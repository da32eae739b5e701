"""Images on this machine: typed folders, and the images behind an evaluation."""
