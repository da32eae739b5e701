"""Tables of earlier versions, and facts that cannot be read, are still evaluations."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.checkpoints import paths, store
from core.data.sources import catalogue
from core.predictions import evaluations
from core.predictions.evaluating.evaluate import evaluate
from tests.support.stored.evaluation_folders import files, samples


def _as_before(folder: Path, pictures: Path, **data: str) -> None:
    """The table beside the card, as earlier versions had it."""
    evaluate(folder, samples(folder, pictures))
    place = evaluations.find(folder).folder
    for name in (paths.PREDICTIONS, paths.METRICS):
        (place / name).rename(folder / name)
    shutil.rmtree(folder / paths.EVALUATIONS)
    store.update(folder, replace(store.read_card(folder), data=data))


def test_a_table_of_an_earlier_version_is_an_evaluation_of_its_training(folder: Path, pictures: Path) -> None:
    fingerprint = catalogue.load("folder", pictures).fingerprint
    _as_before(folder, pictures, source="folder", fingerprint=fingerprint)
    (found,) = evaluations.every(folder)
    assert (found.name, found.is_older, found.table) == ("folder-val", True, folder / "predictions.parquet")
    assert (found.facts.num_images, found.facts.split, found.facts.fingerprint) == (10, "val", fingerprint)
    assert evaluations.is_evaluated(folder)
    evaluations.delete(folder, "folder-val")
    assert not evaluations.is_evaluated(folder)
    assert sorted(files(folder)) == ["card.json", "model.safetensors"]


def test_a_table_of_an_earlier_version_on_other_images_keeps_a_name_to_itself(
    folder: Path, pictures: Path, street: Path
) -> None:
    _as_before(folder, pictures, source="folder", fingerprint="another")
    assert [each.name for each in evaluations.every(folder)] == ["earlier"]
    before = files(folder)
    evaluate(folder, samples(folder, street))
    assert {each.name for each in evaluations.every(folder)} == {"earlier", "street-val"}
    assert {name: files(folder)[name] for name in before} == before


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"data": 5}', b'{"num_images": "many"}'])
def test_facts_that_cannot_be_read_are_those_of_table_and_metrics(
    folder: Path, pictures: Path, content: bytes | None
) -> None:
    evaluate(folder, samples(folder, pictures))
    path = evaluations.find(folder).folder / paths.FACTS
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    facts = evaluations.find(folder).facts
    fingerprint = catalogue.load("folder", pictures).fingerprint
    assert (facts.num_images, facts.split, facts.fingerprint) == (10, "val", fingerprint)


def test_odd_entries_beside_evaluations_are_ignored(folder: Path, pictures: Path) -> None:
    evaluate(folder, samples(folder, pictures))
    (folder / "evaluations" / "notes.txt").write_text("mine")
    (folder / "evaluations" / "empty").mkdir()
    (folder / "evaluations" / ".old").mkdir()
    (folder / "evaluations" / "link").symlink_to("nowhere")
    assert [each.name for each in evaluations.every(folder)] == ["pictures-val"]
