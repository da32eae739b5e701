"""Networks from textbooks."""
