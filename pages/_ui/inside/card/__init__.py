"""The card of one channel."""
