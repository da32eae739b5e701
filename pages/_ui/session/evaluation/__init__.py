"""The evaluation that a page shows, its results, and what is chosen among its samples."""
