"""The report on a checkpoint's mistakes, as one HTML file."""
