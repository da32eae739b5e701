"""Whether new photos are like those of an evaluation, and how far predictions hold on worse photos."""
