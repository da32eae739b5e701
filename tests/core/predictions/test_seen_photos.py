"""What a network sees in photos is the same from an evaluation and from a pass without labels."""

from pathlib import Path

import numpy as np
import pytest

from core.checkpoints import store
from core.data.sources.photos import photos_below
from core.errors import DataError
from core.predictions import evaluations, seen_photos
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import open_images, samples_of
from core.predictions.evaluations import Evaluation
from core.predictions.properties import MEASURED
from core.predictions.seen_photos import SeenPhotos
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return noisy_pictures(tmp_path / "pictures")


@pytest.fixture
def evaluation(place: Path) -> Evaluation:
    """Ten readable images of three classes, in their own order."""
    folder = random_checkpoint()
    samples = samples_of(store.read_card(folder), open_images(folder, place), "all")
    evaluate(folder, samples, keep=Keep("mine", place))
    return evaluations.find(folder, "mine")


def _check_same(one: SeenPhotos, other: SeenPhotos) -> None:
    order = [other.sample_ids.index(name) for name in one.sample_ids]
    sorted_ = other.seen.some(np.array(order))
    np.testing.assert_array_equal(one.seen.predicted, sorted_.predicted)
    np.testing.assert_allclose(one.seen.confidence, sorted_.confidence, rtol=1e-5)
    assert one.seen.features is not None
    assert sorted_.features is not None
    np.testing.assert_allclose(
        one.seen.features.astype(float), sorted_.features.astype(float), rtol=2e-3, atol=1e-4
    )
    assert set(one.seen.properties) == set(MEASURED)
    for name, values in one.seen.properties.items():
        np.testing.assert_allclose(values, sorted_.properties[name], rtol=1e-6)


def test_photos_without_labels_are_seen_as_in_an_evaluation(evaluation: Evaluation, place: Path) -> None:
    known = seen_photos.of_evaluation(evaluation)
    new = seen_photos.of_photos(evaluation.of, photos_below(place))
    assert len(known.sample_ids) == len(new.sample_ids) == 10  # One of the eleven is damaged.
    _check_same(known, new)


def test_an_evaluation_of_an_earlier_version_is_passed_over_again(evaluation: Evaluation) -> None:
    known = seen_photos.of_evaluation(evaluation)
    (evaluation.folder / "features.npy").unlink()
    (evaluation.folder / "properties.parquet").unlink()
    _check_same(known, seen_photos.of_evaluation(evaluation))


def test_an_earlier_evaluation_whose_images_are_gone_is_refused(evaluation: Evaluation, place: Path) -> None:
    (evaluation.folder / "properties.parquet").unlink()
    for path in place.rglob("*.png"):
        path.rename(path.with_name(f"new-{path.name}"))
    with pytest.raises(DataError, match="has none of the samples of this evaluation"):
        seen_photos.of_evaluation(evaluation)
