"""What is known of a checkpoint's maps: the stored report, if it is sound and of these weights."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.checkpoints import paths
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.errors import CheckpointError
from core.explain.trust.verdict import BELIEVABLE, NOISE, WEAK
from core.trust.pairs import MethodAtLayer
from core.trust.photos import sampled
from core.trust.report import reading
from core.trust.testing.collecting import collect
from tests.support.results.trust_reports import evidence, write_report

Change = Callable[[dict[str, Any]], object]


def test_a_report_is_read_as_it_was_written_and_grades_its_pairs(loaded: Checkpoint) -> None:
    pairs = (
        evidence("grad_cam", "block2", 0.3),
        evidence("layer_cam", "block2", 0.1),
        evidence("cam", "block2", 0.0, p_random=1),
    )
    written = write_report(loaded.folder, *pairs)
    known = reading.known(loaded.folder)
    assert known.report == reading.read(loaded.folder) == written
    assert known.note == ""
    assert known.recommended == MethodAtLayer("grad_cam", "block2")
    grades = {("grad_cam", "block2"): BELIEVABLE, ("layer_cam", "block2"): WEAK, ("cam", "block2"): NOISE}
    assert known.believability == grades


def test_without_a_report_or_with_one_of_other_weights_nothing_is_known(loaded: Checkpoint) -> None:
    assert reading.known(loaded.folder) == reading.KnownTrust(None)
    assert reading.rows(loaded.folder) is None
    write_report(loaded.folder, evidence("grad_cam", "block2", 0.3), network="0" * 24)
    known = reading.known(loaded.folder)
    assert (known.report, known.recommended, known.believability) == (None, None, {})
    assert known.note.endswith("trust.json is of other weights; run 'trust' again")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.pop("pairs"), "it lacks 'pairs'"),
        (lambda content: content.update(pairs=[]), "pairs is a list"),
        (lambda content: content.update(version=3), "version is 3"),
        (lambda content: content["pairs"][0].update(score=1.5), "score is 1.5"),
        (lambda content: content["pairs"][0].update(verdict="true"), "verdict is 'true'"),
        (lambda content: content["references"].pop("edges"), "it lacks 'references.edges'"),
    ],
)
def test_a_damaged_report_is_named_with_what_is_wrong(
    loaded: Checkpoint, change: Change, message: str
) -> None:
    write_report(loaded.folder, evidence("grad_cam", "block2", 0.3))
    path = loaded.folder / paths.TRUST
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=f"trust.json is not a readable report: .*{message}"):
        reading.read(loaded.folder)
    assert message in reading.known(loaded.folder).note


def test_a_table_is_refused_if_it_is_damaged_or_of_another_run(loaded: Checkpoint, images: ImageSet) -> None:
    pairs = (MethodAtLayer("grad_cam", "block2"),)
    collect(loaded.folder, sampled(loaded.folder, images, 1), pairs)
    path = loaded.folder / paths.TRUST_TABLE
    table = reading.rows(loaded.folder)
    assert table is not None
    assert table.equals(pq.read_table(path))
    for broken, message in (
        (table.replace_schema_metadata({b"seewhy": b"other"}), "is of another run"),
        (table.drop_columns(["score"]), "lacks a column 'score'"),
        (table.drop_columns(["centre_insertion_curve"]), "lacks a column 'centre_insertion_curve'"),
    ):
        pq.write_table(broken, path)
        with pytest.raises(CheckpointError, match=f"trust.parquet .*{message}"):
            reading.rows(loaded.folder)
    path.write_bytes(b"x")
    with pytest.raises(CheckpointError, match="is damaged"):
        reading.rows(loaded.folder)
