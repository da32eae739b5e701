"""Odd ones: the samples farthest from the training images, or from each other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.checkpoints import store
from core.mistakes import results
from core.mistakes.odd_ones import odd_ones
from core.predictions import evaluations
from tests.support.stored.tiny_evaluation import random_checkpoint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A network evaluated on forty dark pictures, and on eight of which the last is bright."""
    made, random = random_checkpoint(), np.random.default_rng(0)
    for name, number in (("known", 40), ("new", 8)):
        for row in range(number):
            light = 230 if (name, row) == ("new", 7) else 60
            pixels = random.normal(light, 10, (28, 28)).clip(0, 255).astype(np.uint8)
            path = tmp_path / name / "apple" / f"{row:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
        data = ["--data", str(tmp_path / name), "--device", "cpu", "--as", name]
        assert main(["evaluate", "random", *data, "--split", "train" if name == "known" else "val"]) == 0
    return made


def test_without_training_images_samples_are_compared_with_each_other(folder: Path) -> None:
    odd = odd_ones(results.read(folder, evaluation="new"))
    assert odd is not None
    assert not odd.from_training
    assert odd.rows[0] == 7
    assert sorted(odd.rows.tolist()) == list(range(8))
    assert (np.diff(odd.deviation) <= 0).all()


def test_with_training_images_samples_are_compared_with_those(folder: Path) -> None:
    fingerprint = evaluations.find(folder, "known").facts.fingerprint
    store.update(folder, replace(store.read_card(folder), data={"fingerprint": fingerprint}))
    odd = odd_ones(results.read(folder, evaluation="new"))
    assert odd is not None
    assert odd.from_training
    assert odd.rows[0] == 7
    assert odd.deviation[0] > 5 * odd.deviation[1]


def test_an_evaluation_without_features_has_no_odd_ones(folder: Path) -> None:
    (folder / "evaluations" / "new" / "features.npy").unlink()
    assert odd_ones(results.read(folder, evaluation="new")) is None
