"""Checkpoints in memory, and the one that this session imported."""
