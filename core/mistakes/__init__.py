"""Where a checkpoint fails, and why: results, sample images, maps, averages, reports."""
