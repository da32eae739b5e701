"""How well scores rank samples: histograms, ROC and precision-recall curves, decision thresholds."""
