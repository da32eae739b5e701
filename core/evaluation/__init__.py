"""Numbers from a predictions table: arrays and tables in, numbers and rows out."""
