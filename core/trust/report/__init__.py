"""What a test of maps says: the scores of each pair, their significance, the recommendation, and the file."""
