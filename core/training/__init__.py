"""From a recipe and a data set to a checkpoint, by Lightning's Trainer."""
