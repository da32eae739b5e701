"""The grid of a report, and the photos behind a cell."""

import numpy as np

from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.trust import reading
from core.trust.collecting import collect
from core.trust.overview import best, grid, typical, worst
from core.trust.pairs import MethodAtLayer
from core.trust.photos import remember_photos, remembered_photos, sampled
from tests.support.trust_reports import evidence, report_on


def test_the_grid_has_the_layers_in_their_order_and_gaps_where_a_method_does_not_fit(
    loaded: Checkpoint,
) -> None:
    pairs = [evidence("cam", "block2", 0.1), *(evidence("grad_cam", f"block{n}", n / 10) for n in (1, 2))]
    overview = grid(report_on(loaded.folder, *pairs))
    assert (overview.methods, overview.layers) == (("cam", "grad_cam"), ("block1", "block2"))
    assert overview.cells == ((None, pairs[0]), (pairs[1], pairs[2]))


def test_the_best_worst_and_typical_photos_are_those_of_the_sorted_scores(
    loaded: Checkpoint, images: ImageSet, pairs: tuple[MethodAtLayer, ...]
) -> None:
    sample = sampled(loaded.folder, images, 5)
    collect(loaded.folder, sample, pairs)
    table = reading.rows(loaded.folder)
    rows = [row for row in table.to_pylist() if row["method"] == "layer_cam"]
    ordered = sorted(rows, key=lambda row: (row["score"], row["sample_id"]))
    ids = [row["sample_id"] for row in ordered]
    assert [each.sample_id for each in worst(table, pairs[1], 2)] == ids[:2]
    assert [each.sample_id for each in best(table, pairs[1], 2)] == ids[::-1][:2]
    middle = typical(table, pairs[1], 1)[0]
    median = np.median([row["score"] for row in rows])
    assert abs(middle.score - median) == min(abs(row["score"] - median) for row in rows)
    row = next(row for row in rows if row["sample_id"] == middle.sample_id)
    assert list(middle.curves) == ["map", "random", "centre", "edges"]
    assert list(middle.curves["map"].deletion) == row["deletion_curve"]
    assert list(middle.curves["edges"].insertion) == row["edges_insertion_curve"]
    assert middle.probability == row["probability"]


def test_the_photos_tested_last_are_found_again(loaded: Checkpoint, images: ImageSet) -> None:
    assert remembered_photos(loaded.folder) is None
    remember_photos(loaded.folder, images)
    again = remembered_photos(loaded.folder)
    assert again is not None
    assert again.fingerprint == images.fingerprint
