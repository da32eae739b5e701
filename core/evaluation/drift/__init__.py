"""Do new photos look like those that a network was validated on? Labels are not needed."""
