"""Where the project and the real images for tests lie."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
# Public data sets, which are not part of the repository: a test that needs them skips where they are missing.
DATA = ROOT.parent / "shared" / "data"
