"""Everything SeeWhy computes: models in, predictions and explanations out, without a browser."""

import os

# Before torch loads OpenMP: waiting threads must sleep. By default they spin, and take the core from the
# working thread where a browser or another program shares the cores (measured: 20 times slower).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
