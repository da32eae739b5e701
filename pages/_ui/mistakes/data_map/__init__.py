"""The view Map of the page Mistakes: all samples as points, and a gallery of those in a drawn area."""
