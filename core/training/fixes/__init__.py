"""Fixes of a checkpoint for a group of its mistakes: one thing is changed, and the proof is kept."""
