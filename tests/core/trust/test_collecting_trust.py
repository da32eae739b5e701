"""A pass over a sample of photos: what it writes, that it goes on, and that a seed gives the same numbers."""

import pickle
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.errors import DataError, EvaluationError
from core.explain.network.tracing import towards
from core.explain.trust.absent import absent_values
from core.explain.trust.curves import Subject
from core.explain.trust.faithfulness import faithfulness
from core.explanation.forward_pass import forward_pass
from core.files import locks
from core.passes.progress import PassProgress
from core.passes.work import together
from core.trust.pairs import MethodAtLayer
from core.trust.photos import sampled
from core.trust.testing.checks import maps_of
from core.trust.testing.collecting import collect
from core.trust.testing.maps import MapTesting

Pairs = tuple[MethodAtLayer, ...]


def test_a_row_has_the_scores_of_its_map_tested_alone(
    loaded: Checkpoint, images: ImageSet, pairs: Pairs
) -> None:
    """References are shared by all maps of a photo; the scores are those of a map tested by itself."""
    sample = sampled(loaded.folder, images, 1, seed=5)
    collect(loaded.folder, sample, pairs)
    table = pq.read_table(loaded.folder / paths.TRUST_TABLE).to_pylist()
    network = store.load_for_speed(loaded.folder)
    batch = loaded.card.preprocess.batch([images.image(int(sample.indices[0]))])
    seed = int(np.random.SeedSequence([5, 0]).generate_state(1)[0])
    for row, pair in zip(table, pairs, strict=True):
        passed = forward_pass(network, batch, [pair.layer])
        class_idx = int(passed.traced.logits.argmax())
        (raw,) = maps_of(passed, [pair], class_idx).values()
        values = absent_values(batch, loaded.card.preprocess.mean_colour)
        subject = Subject(batch, towards(passed.traced.logits.detach(), class_idx), values)
        shown = raw if (raw > 0).any() else torch.zeros_like(raw)
        (faithful,) = faithfulness(network.model, subject, [shown], seed=seed)
        assert (row["method"], row["layer"], row["class_idx"]) == (pair.method, pair.layer, class_idx)
        assert row["score"] == pytest.approx(faithful.score, abs=1e-6)
        assert row["score"] == pytest.approx(row["insertion"] - row["deletion"], abs=1e-12)
        assert row["centre_score"] == pytest.approx(faithful.centre.probability.score, abs=1e-6)
        assert np.trapezoid(row["deletion_curve"], row["shares"]) == pytest.approx(row["deletion"], abs=1e-6)
        assert np.trapezoid(row["random_deletion_curve"], row["shares"]) == pytest.approx(
            np.trapezoid(row["random_insertion_curve"], row["shares"]), abs=1e-6
        )


@pytest.mark.slow
def test_a_killed_pass_goes_on_and_ends_as_if_it_had_not_been(
    loaded: Checkpoint, images: ImageSet, pairs: Pairs
) -> None:
    read_again: list[int] = []

    def image(index: int) -> Image.Image:
        read_again.append(index)
        return images.image(index)

    def kill(progress: PassProgress) -> None:
        if progress.done == 2:
            raise KeyboardInterrupt

    sample = sampled(loaded.folder, images, 3)
    whole = collect(loaded.folder, sample, pairs, out=loaded.folder / "whole")
    with pytest.raises(KeyboardInterrupt):
        collect(loaded.folder, sample, pairs, on_progress=kill)
    assert not (loaded.folder / paths.TRUST).exists()
    resumed = collect(loaded.folder, replace(sample, images=replace(images, image=image)), pairs)
    assert read_again == sample.indices[2:].tolist()
    assert resumed == whole
    tables = [pq.read_table(place / paths.TRUST_TABLE) for place in (loaded.folder, loaded.folder / "whole")]
    assert tables[0].equals(tables[1])
    assert not list((loaded.folder / paths.TRUST_WORK).glob("*/*.parquet"))


def test_a_broken_photo_has_no_row_and_too_many_stop_the_pass(
    loaded: Checkpoint, images: ImageSet, pairs: Pairs
) -> None:
    broken = images.sample_ids.index("mole/1.png")
    sample = replace(sampled(loaded.folder, images, 2), indices=np.array([0, broken]))
    report = collect(loaded.folder, sample, pairs[:1])
    assert report.photos.number == 1
    assert len(pq.read_table(loaded.folder / paths.TRUST_TABLE)) == 1
    with pytest.raises(DataError, match="none of the 1 images"):
        collect(loaded.folder, replace(sample, indices=np.array([broken])), pairs[:1])


def test_a_copy_of_the_work_in_another_process_gives_the_same_rows(
    loaded: Checkpoint, images: ImageSet, pairs: Pairs
) -> None:
    work = MapTesting(loaded.folder, loaded.card, sampled(loaded.folder, images, 1), pairs)
    copy = pickle.loads(pickle.dumps(work))  # noqa: S301 (our own)
    rows = [each.opened("cpu")(together([(0, each.reader(0))])) for each in (work, copy)]
    assert len(rows[0]) == 2
    assert rows[0].equals(rows[1])


def test_a_second_process_in_the_same_place_is_refused(
    loaded: Checkpoint, images: ImageSet, pairs: Pairs
) -> None:
    work = loaded.folder / paths.TRUST_WORK
    work.mkdir()
    sample = sampled(loaded.folder, images, 1)
    with (
        locks.held(work / paths.LOCK, AssertionError()),
        pytest.raises(EvaluationError, match="another process tests the maps of 'random'"),
    ):
        collect(loaded.folder, sample, pairs)
