"""Everything SeeWhy computes: models in, predictions and explanations out; it knows no browser."""

import os

# Before torch loads OpenMP: waiting threads must sleep. By default they spin, and where a browser or another
# program shares the cores, that keeps the working thread off its core (seen: 20 times slower).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
