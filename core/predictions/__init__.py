"""The predictions of a checkpoint: their table, where it is kept, and how it is made."""
