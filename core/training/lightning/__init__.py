"""A training as Lightning's Trainer runs it."""
