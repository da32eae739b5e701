"""What the pages share: frame, session state, widgets and browser components."""
