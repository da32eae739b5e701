"""Training: from a recipe and a data set to a checkpoint, with Lightning's Trainer."""
