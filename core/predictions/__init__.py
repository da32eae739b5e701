"""The predictions of a checkpoint: their table, their evaluations by name, and how one is made."""
