"""Evaluations of a tiny network, and all files of a folder."""

from pathlib import Path

from core.checkpoints import store
from core.data.sources import catalogue
from core.predictions.evaluating.samples import Samples, samples_of


def samples(folder: Path, place: Path, split: str = "val") -> Samples:
    return samples_of(store.read_card(folder), catalogue.load("folder", place), split)


def files(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by their paths."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
