"""Scores of all classes through a pass in parts: kept, or counted; interrupted, and of several processes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.checkpoints import paths, store
from core.data.sources.folder.class_folders import SOURCE
from core.errors import CheckpointError
from core.passes.progress import PassProgress
from core.predictions import evaluations, prediction_table, score_files
from core.predictions.evaluating import workplace
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import Samples, samples_of
from tests.support.stored.tiny_evaluation import CLASSES, noisy_pictures, random_checkpoint

SEVEN = (*CLASSES, "newt", "otter", "puma", "quail")


@pytest.fixture
def samples_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Samples]:
    """A checkpoint of seven classes, and eleven images in four parts, one of them broken."""
    monkeypatch.setattr(workplace, "_PART", 3)
    folder = random_checkpoint(classes=SEVEN)
    images = SOURCE.load(noisy_pictures(tmp_path / "data"))
    return folder, samples_of(store.read_card(folder), images, "all")


def _path(folder: Path) -> Path:
    return evaluations.find(folder).table


def _all_scores(folder: Path, samples: Samples) -> np.ndarray:
    loaded = store.load(folder)
    readable = [each for each in samples.indices if samples.images.sample_ids[each] != "mole/1.png"]
    batch = loaded.card.preprocess.batch([samples.images.image(each) for each in readable])
    with torch.inference_mode():
        return prediction_table.log_odds(loaded.model(batch).double()).numpy()


def test_all_scores_are_kept_beside_the_table(samples_in_parts: tuple[Path, Samples]) -> None:
    folder, samples = samples_in_parts
    found = evaluate(folder, samples)
    table = prediction_table.read(_path(folder))
    np.testing.assert_allclose(
        np.concatenate(score_files.pieces(table)), _all_scores(folder, samples), rtol=2e-3, atol=1e-4
    )
    assert found["areas_from"] == "the log-odds of all classes, rounded to 16 bits"
    assert sorted(path.name for path in _path(folder).parent.iterdir()) == [
        "evaluation.json",
        "features.npy",
        "metrics.json",
        "predictions.parquet",
        "predictions.scores.npy",
        "properties.parquet",
    ]


def _alone(folder: Path, samples: Samples) -> dict[str, object]:
    return evaluate(folder, samples)


def _interrupted(folder: Path, samples: Samples) -> dict[str, object]:
    def stop(progress: PassProgress) -> None:
        if progress.done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, on_progress=stop)
    return evaluate(folder, samples)


@pytest.mark.parametrize("way", [_alone, _interrupted])
@pytest.mark.parametrize("largest", [100, 43, 1])
def test_where_they_are_too_many_histograms_add_up_to_the_same(
    samples_in_parts: tuple[Path, Samples],
    monkeypatch: pytest.MonkeyPatch,
    way: Callable[[Path, Samples], dict[str, object]],
    largest: int,
) -> None:
    """With 100 bytes scores wait beside several parts; with 43 beside one, with 1 beside none."""
    folder, samples = samples_in_parts
    evaluate(folder, samples)
    expected = score_files.counted(prediction_table.read(_path(folder)))
    monkeypatch.setattr(score_files, "LARGEST", largest)
    evaluations.delete(folder, evaluations.find(folder).name)
    found = way(folder, samples)
    table = prediction_table.read(_path(folder))
    histogram = score_files.histogram(_path(folder), table)
    assert histogram is not None
    assert (histogram.counts == expected[0]).all()
    assert found["areas_from"] == "histograms of the log-odds of all classes"
    assert not paths.scores(_path(folder)).exists()


def test_what_was_counted_before_a_crash_is_not_counted_twice(
    samples_in_parts: tuple[Path, Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, samples = samples_in_parts
    monkeypatch.setattr(score_files, "LARGEST", 1)
    kept: dict[Path, bytes] = {}

    def stop(progress: PassProgress) -> None:
        if progress.done == 6:
            raise KeyboardInterrupt

    unlink = Path.unlink

    def remembered(path: Path, *, missing_ok: bool = False) -> None:
        if path.name.endswith(".scores.npy") and path.exists():
            kept[path] = path.read_bytes()
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", remembered)
    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, on_progress=stop)
    monkeypatch.setattr(Path, "unlink", unlink)
    assert len(kept) == 2
    for path, content in kept.items():  # As if it had ended just before they were deleted.
        path.write_bytes(content)
    evaluate(folder, samples)
    histogram = score_files.histogram(_path(folder), prediction_table.read(_path(folder)))
    assert histogram is not None
    assert histogram.counts.sum() == 7 * 10


def test_scores_of_a_part_that_was_not_finished_are_written_anew(
    samples_in_parts: tuple[Path, Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, samples = samples_in_parts
    monkeypatch.setattr(score_files, "LARGEST", 1)

    def stop(progress: PassProgress) -> None:
        if progress.done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, on_progress=stop)
    (first,) = folder.glob("evaluations/.*/*/000000.parquet")
    (first.parent / "000003.scores.npy").write_bytes(b"half")
    found = evaluate(folder, samples)
    assert found["areas_from"] == "histograms of the log-odds of all classes"


def test_parts_of_an_older_pass_without_scores_make_up_no_histogram(
    samples_in_parts: tuple[Path, Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, samples = samples_in_parts

    def stop(progress: PassProgress) -> None:
        if progress.done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, on_progress=stop)
    for path in folder.glob("evaluations/.*/*/*.scores.npy"):
        path.unlink()
    monkeypatch.setattr(score_files, "LARGEST", 100)
    found = evaluate(folder, samples)
    assert (found["num_samples"], found["macro_roc_auc"]) == (10, None)
    assert str(found["areas_from"]).startswith("nothing")


def test_a_network_whose_logits_are_not_finite_is_named_and_nothing_is_replaced(
    samples_in_parts: tuple[Path, Samples],
) -> None:
    folder, samples = samples_in_parts
    evaluate(folder, samples, keep=Keep("before"))
    before = (_path(folder)).read_bytes()
    loaded = store.load(folder)
    tensors = {name: value.clone() for name, value in loaded.model.state_dict().items()}
    next(reversed(tensors.values()))[2] = torch.nan
    store.update(folder, loaded.card, tensors)
    with pytest.raises(CheckpointError, match=r"the logits of 'random' for 'apple/0.png' are not finite"):
        evaluate(folder, samples)
    assert (_path(folder)).read_bytes() == before
