"""Evaluating a checkpoint: its samples, one resumable pass over them, in the background or not."""
