"""The settings of a training: a recipe, its groups of settings, and their table."""
