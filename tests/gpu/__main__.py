"""``tests/gpu/run``: check and time all of core on this machine's GPU, and print one table."""

import argparse
import importlib.util
import os
import sys
import tempfile
import warnings
from pathlib import Path

# All that core imports, and what Python calls it. A machine for CUDA work has most of them.
NEEDED = {
    "numpy": "numpy",
    "scipy": "scipy",
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "filelock": "filelock",
    "yaml": "pyyaml",
    "pydantic": "pydantic",
    "safetensors": "safetensors",
    "torch": "torch",
    "torchvision": "torchvision",
    "timm": "timm",
    "captum": "captum",
    "matplotlib": "matplotlib",  # For captum.
    "lightning": "lightning",
    "torchmetrics": "torchmetrics",
}
NAMES = ("maps", "layers", "trust", "ascent", "evaluation", "training", "memory")


def main() -> int:
    """The exit status: 0 if every judged row holds, 1 if one does not, 2 if a package is missing."""
    options = _options()
    missing = [package for name, package in NEEDED.items() if importlib.util.find_spec(name) is None]
    if missing:
        print(f"missing packages: {', '.join(missing)}; tests/gpu/README.md says how to carry them")
        return 2
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as place:
        for variable in ("SEEWHY_CHECKPOINTS", "SEEWHY_CACHE", "SEEWHY_DATA"):
            os.environ[variable] = str(Path(place) / variable.lower())
            Path(os.environ[variable]).mkdir()
        from tests.gpu import checking  # Takes seconds, and needs the packages.

        return checking.table(options.only, Path(place), device=options.device, is_small=options.small)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/gpu/run", description=__doc__.partition(": ")[2])
    parser.add_argument("--small", action="store_true", help="tiny networks and few images, also for a CPU")
    parser.add_argument("--device", help="cpu, cuda, cuda:1 …, or pretend (default: the fastest available)")
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, default=NAMES, metavar="CHECK", help=", ".join(NAMES)
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
