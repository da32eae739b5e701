"""Beside each row of the predictions table an evaluation keeps the features and properties of the sample."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core.checkpoints import store
from core.data.image_set import ImageSet
from core.passes.in_process import InProcess
from core.passes.progress import PassProgress
from core.predictions import evaluations, properties, sample_features
from core.predictions.evaluating import workplace
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import Samples, samples_of
from core.predictions.evaluations import Evaluation
from tests.support.trainings.scarce_memory import room_for


@pytest.fixture
def samples(folder: Path, images: ImageSet, monkeypatch: pytest.MonkeyPatch) -> Samples:
    """Eleven samples in four parts; each has its index as metadata, and a camera or none."""
    monkeypatch.setattr(workplace, "_PART", 3)
    cameras = [None if index % 3 else "old" for index in range(len(images))]
    known = replace(images, metadata={"index": range(len(images)), "camera": cameras})
    return samples_of(store.read_card(folder), known, "all")


def _evaluated(folder: Path, samples: Samples, name: str = "one") -> Evaluation:
    evaluate(folder, samples, keep=Keep(name))
    return evaluations.find(folder, name)


def test_features_times_the_weights_of_the_head_are_the_logits(folder: Path, samples: Samples) -> None:
    evaluation = _evaluated(folder, samples)
    features, table = sample_features.read(evaluation), pd.read_parquet(evaluation.table)
    model = store.load(folder).model
    layer = sample_features.source(model)
    assert features is not None
    assert layer is not None
    assert layer.bias is not None
    logits = torch.from_numpy(np.asarray(features, np.float32)) @ layer.weight.T + layer.bias
    probabilities = logits.softmax(1)[torch.arange(len(table)), table["label"].tolist()]
    np.testing.assert_allclose(probabilities.detach(), table["p_label"], rtol=0, atol=2e-4)


def test_every_row_has_the_properties_and_the_metadata_of_its_photo(folder: Path, samples: Samples) -> None:
    evaluation = _evaluated(folder, samples)
    images, table = samples.images, pd.read_parquet(evaluation.table)
    known = properties.read(evaluation)
    assert known is not None
    assert list(known) == ["sample_id", *properties.MEASURED, "index", "camera"]
    assert known["sample_id"].tolist() == table["sample_id"].tolist()
    indices = [images.sample_ids.index(each) for each in known["sample_id"]]
    assert known["index"].tolist() == indices
    assert known["camera"].fillna("").tolist() == ["" if index % 3 else "old" for index in indices]
    preprocess = store.read_card(folder).preprocess
    expected = [properties.measured(images, preprocess, index) for index in indices]
    assert known[list(properties.MEASURED)].to_numpy().tolist() == [list(each) for each in expected]


def test_interrupted_in_pieces_or_with_workers_they_are_the_same(folder: Path, samples: Samples) -> None:
    whole = _evaluated(folder, samples)

    def stop(progress: PassProgress) -> None:
        if progress.done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, keep=Keep("two"), on_progress=stop)
    with room_for(2):
        evaluate(folder, samples, InProcess(workers=2), keep=Keep("two"))
    again = evaluations.find(folder, "two")
    first, second = (properties.read(each) for each in (whole, again))
    pd.testing.assert_frame_equal(first, second)
    left, right = (np.asarray(sample_features.read(each)) for each in (whole, again))
    np.testing.assert_allclose(left, right, rtol=1e-2, atol=1e-3)


def test_features_of_other_samples_are_ignored(folder: Path, samples: Samples) -> None:
    evaluation = _evaluated(folder, samples)
    np.save(evaluation.folder / "features.npy", np.zeros((3, 2), np.float16))
    assert sample_features.read(evaluation) is None
    assert sample_features.missing(evaluation).startswith("'one' has no features: ")


def test_an_evaluation_of_an_earlier_version_has_neither(folder: Path, samples: Samples) -> None:
    evaluation = _evaluated(folder, samples)
    for name in ("features.npy", "properties.parquet"):
        (evaluation.folder / name).unlink()
    assert sample_features.read(evaluation) is None
    assert properties.read(evaluation) is None


def test_a_network_without_a_linear_layer_is_evaluated_without_features(
    folder: Path, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_features, "source", lambda _model: None)
    evaluation = _evaluated(folder, samples)
    assert sample_features.read(evaluation) is None
    assert len(pd.read_parquet(evaluation.table)) == 10
    assert properties.read(evaluation) is not None
