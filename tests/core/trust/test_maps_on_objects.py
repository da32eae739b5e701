"""Whether maps lie on the objects of photos with masks: the numbers of the table and of the report."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.errors import DataError
from core.explain.trust.localisation import localisation
from core.explanation.asking import explain
from core.explanation.question import Question, Score
from core.trust.pairs import MethodAtLayer
from core.trust.photos import sampled
from core.trust.testing.collecting import collect

PAIR = MethodAtLayer("grad_cam", "block2")


def _draw_mask(images: ImageSet, index: int, folder: Path) -> np.ndarray:
    """A mask of the left upper quarter, in a folder of its own."""
    path = images.path(index)
    assert path is not None
    width, height = images.image(index).size
    mask = np.zeros((height, width), np.bool_)
    mask[: height // 2, : width // 2] = True
    place = folder / path.parent.name / f"{path.stem}.png"
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255).save(place)
    return mask


def test_a_row_has_the_overlap_of_the_map_on_the_upright_photo(
    loaded: Checkpoint, images: ImageSet, tmp_path: Path
) -> None:
    sample = replace(sampled(loaded.folder, images, 2, seed=5), masks=tmp_path / "masks")
    index = int(sample.indices[0])
    mask = _draw_mask(images, index, tmp_path / "masks")
    report = collect(loaded.folder, sample, [PAIR])
    row, other = pq.read_table(loaded.folder / paths.TRUST_TABLE).to_pylist()

    network = store.load_for_speed(loaded.folder)
    photo = images.image(index)
    question = Question(method=PAIR.method, target_layers=(PAIR.layer,), scores=(Score(row["class_idx"]),))
    ((explanation,),) = explain(network, loaded.card.preprocess.batch([photo]), question)
    raw = explanation.maps[PAIR.layer].raw
    heat = loaded.card.preprocess.on_image(np.maximum(raw, 0), photo.size)
    expected = localisation(heat, mask)
    for name in ("pointing", "energy", "iou"):
        assert row[name] == pytest.approx(getattr(expected.overlap, name), abs=1e-5)
        assert row[f"centre_{name}"] == pytest.approx(getattr(expected.centre, name), abs=1e-12)
    assert row["object_area"] == pytest.approx(0.25)
    assert other["energy"] is None
    assert report.objects is not None
    assert (report.objects.number, report.objects.area) == (1, row["object_area"])
    assert report.pairs[0].on_object is not None
    assert report.pairs[0].on_object.energy == pytest.approx(row["energy"])


def test_without_masks_nothing_is_said_of_objects(loaded: Checkpoint, images: ImageSet) -> None:
    report = collect(loaded.folder, sampled(loaded.folder, images, 1), [PAIR])
    assert report.objects is None
    assert report.pairs[0].on_object is None


def test_a_mask_of_another_size_stops_the_test_where_masks_are_asked_for(
    loaded: Checkpoint, images: ImageSet, tmp_path: Path
) -> None:
    sample = replace(sampled(loaded.folder, images, 1), masks=tmp_path)
    path = images.path(int(sample.indices[0]))
    assert path is not None
    Image.new("L", (3, 3), 255).save(tmp_path / f"{path.stem}.png")
    with pytest.raises(DataError, match="3 × 3 pixels"):
        collect(loaded.folder, sample, [PAIR])


def test_a_data_set_that_brings_its_own_masks_needs_no_files(loaded: Checkpoint, images: ImageSet) -> None:
    """Of a mask of all pixels, all of the heat lies inside."""
    marked = replace(images, mask=lambda index: np.ones(images.image(index).size[::-1], np.bool_))
    report = collect(loaded.folder, sampled(loaded.folder, marked, 1, seed=5), [PAIR])
    (row,) = pq.read_table(loaded.folder / paths.TRUST_TABLE).to_pylist()
    assert (row["energy"], row["object_area"]) == (1, 1)
    assert report.objects is not None
    assert report.objects.number == 1
