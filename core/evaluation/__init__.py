"""Everything that a predictions table says: arrays and tables in, numbers and rows out."""
