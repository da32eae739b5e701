"""How well scores order samples: histograms, ROC and precision-recall curves, thresholds."""
