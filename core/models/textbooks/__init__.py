"""The networks of textbooks."""
