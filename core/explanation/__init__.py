"""One question about photos, answered, and the answer as files."""
