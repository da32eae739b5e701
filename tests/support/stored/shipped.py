"""A copy of the checkpoints that ship, to which tests may add and which they may change."""

import shutil
from pathlib import Path

from tests.support.paths import ROOT

BUILT_IN = "imagenet"
TRAINED = (
    "digits",
    "malaria",
    "pets-cat-dog",
    "pets-cat-dog-scratch",
    "shortcut",
    "signs-bn",
    "signs-bn-aug",
    "signs-plain",
)
# Remembered folders of this machine, drafts, and reports on maps: these change the usual method and layer.
_LEFT_OUT = shutil.ignore_patterns("local.json", ".*", "trust.*")


def copy_to(folder: Path) -> Path:
    """Copy all of them into ``folder``, 35 MB."""
    for name in (BUILT_IN, *TRAINED):
        shutil.copytree(ROOT / "checkpoints" / name, folder / name, ignore=_LEFT_OUT)
    return folder
