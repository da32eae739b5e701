"""Where a checkpoint fails, and why: results, the pictures behind them, maps, averages, reports."""
