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
    "signs-bn",
    "signs-bn-aug",
    "signs-plain",
)
# Remembered folders of this machine, and drafts.
_OF_THIS_MACHINE = shutil.ignore_patterns("local.json", ".*")


def copy_to(folder: Path) -> Path:
    """Copy all of them into ``folder``, 35 MB."""
    for name in (BUILT_IN, *TRAINED):
        shutil.copytree(ROOT / "checkpoints" / name, folder / name, ignore=_OF_THIS_MACHINE)
    return folder
