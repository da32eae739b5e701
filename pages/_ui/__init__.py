"""What the pages share: frame, state, pickers, and three small browser components."""
