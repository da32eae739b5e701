"""Everything SeeWhy computes: models in, predictions and explanations out; it knows no browser."""
