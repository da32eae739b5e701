"""The digits with features of their validation and training images; made once for all tests."""

import shutil
from collections.abc import Iterator

import pytest

from core.checkpoints import paths, store
from core.data.sources import catalogue
from core.predictions.evaluating.evaluate import evaluate
from core.predictions.evaluating.samples import samples_of


@pytest.fixture(scope="session")
def digits_with_features() -> Iterator[str]:
    """A copy of the checkpoint ``digits``, evaluated on validation and training images."""
    folder = paths.folder("digits-with-features")
    shutil.copytree(paths.root() / "digits", folder, ignore=shutil.ignore_patterns(paths.EVALUATIONS))
    images = catalogue.load("digits")
    for split in ("val", "train"):
        evaluate(folder, samples_of(store.read_card(folder), images, split))
    yield folder.name
    shutil.rmtree(folder)
