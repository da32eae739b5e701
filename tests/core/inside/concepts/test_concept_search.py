"""Concepts over a data set: shares of every photo sum to its logit, patches lie where the concept is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.__main__ import main
from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.commands.options import engines
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.errors import CheckpointError, DataError, EvaluationError
from core.explain.concepts.shares import concept_shares
from core.explain.network.tracing import towards, trace
from core.inside.concepts import finding
from core.inside.concepts import report as stored
from core.inside.concepts.concept_patches import concept_examples
from core.inside.concepts.finding import ConceptSearch, Wanted, find
from core.passes.progress import PassProgress
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint

LAYER = "block2"


@pytest.fixture(scope="module")
def loaded() -> Checkpoint:
    return store.load(random_checkpoint("concepts"))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> ImageSet:
    return catalogue.open_folder(noisy_pictures(tmp_path_factory.mktemp("photos")))


@pytest.fixture(scope="module")
def search(loaded: Checkpoint, images: ImageSet) -> ConceptSearch:
    return find(loaded, LAYER, images, Wanted(rank=3))


def _input(loaded: Checkpoint, images: ImageSet, sample_id: str) -> torch.Tensor:
    image = images.image(images.sample_ids.index(sample_id))
    return loaded.card.preprocess.normalised(loaded.card.preprocess.pixels(image)[None])


def test_each_photos_parts_are_those_of_a_pass_of_its_own(
    loaded: Checkpoint, images: ImageSet, search: ConceptSearch
) -> None:
    assert len(search.report.samples) == 10  # Of eleven, one is broken.
    for sample in search.report.samples:
        whole = sum(sample.shares) + sample.residual + sample.bias
        assert whole == pytest.approx(sample.logit, abs=1e-9)
        traced = trace(loaded.model, _input(loaded, images, sample.sample_id), [LAYER])
        assert sample.class_idx == int(traced.logits.argmax())
        assert sample.logit == pytest.approx(traced.logits.max().item(), abs=1e-5)
        direction = towards(traced.logits, sample.class_idx)
        parts = concept_shares(traced, direction, LAYER, torch.from_numpy(search.directions))
        assert list(sample.shares) == pytest.approx(parts.shares[0].tolist(), abs=1e-4)


def test_a_concepts_patches_are_the_photos_with_the_most_of_it(
    loaded: Checkpoint, images: ImageSet, search: ConceptSearch
) -> None:
    examples = concept_examples(loaded, LAYER, images, search.table).of(LAYER)
    for concept, patches in enumerate(examples):
        peaks = {}
        for sample in search.report.samples:
            traced = trace(loaded.model, _input(loaded, images, sample.sample_id), [LAYER])
            direction = towards(traced.logits, 0)
            parts = concept_shares(traced, direction, LAYER, torch.from_numpy(search.directions))
            peaks[sample.sample_id] = parts.presence[0, concept].max().item()
        wanted = sorted(peaks.values(), reverse=True)[:9]
        assert [each.activation for each in patches] == pytest.approx(wanted, rel=1e-3)


def test_what_is_written_is_read_again(search: ConceptSearch, tmp_path: Path) -> None:
    stored.write(tmp_path / "a", search.report, search.directions)
    again = stored.read(tmp_path / "a")
    assert again is not None
    assert again[0] == search.report
    np.testing.assert_array_equal(again[1], search.directions)
    assert stored.read(tmp_path / "b") is None


def test_concepts_of_another_number_are_a_damaged_file(search: ConceptSearch, tmp_path: Path) -> None:
    stored.write(tmp_path, search.report, search.directions[:2])
    with pytest.raises(CheckpointError, match=r"directions\.npy does not fit .*find the concepts again"):
        stored.read(tmp_path)


def test_an_interrupted_search_ends_with_the_same_concepts(
    loaded: Checkpoint, images: ImageSet, search: ConceptSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_PART", 4)
    read: list[int] = []

    def image(index: int) -> object:
        read.append(index)
        return images.image(index)

    def kill(progress: PassProgress) -> None:
        if progress.done >= 4:
            raise KeyboardInterrupt

    counted = replace(images, image=image)
    with pytest.raises(KeyboardInterrupt):
        find(loaded, LAYER, counted, Wanted(rank=3), on_progress=kill)
    assert len(read) >= 4
    read.clear()
    again = find(loaded, LAYER, counted, Wanted(rank=3))
    assert len(read) == (11 - 4) + 11
    np.testing.assert_allclose(again.directions, search.directions, atol=1e-5)
    assert not (loaded.folder / paths.CONCEPTS_WORK).exists()


def test_the_number_is_chosen_where_none_is_given(loaded: Checkpoint, images: ImageSet) -> None:
    report = find(loaded, LAYER, images).report
    assert [score.rank for score in report.ranks] == [4, 6, 8, 12, 16]
    assert len(report.concepts) in {score.rank for score in report.ranks}


def test_too_many_concepts_are_refused(loaded: Checkpoint, images: ImageSet) -> None:
    with pytest.raises(DataError, match="no concepts in 10 photos: rank 99 must be from 1 to 20"):
        find(loaded, LAYER, images, Wanted(rank=99))


def test_one_search_at_a_time(loaded: Checkpoint, images: ImageSet) -> None:
    def second(_progress: PassProgress) -> None:
        find(loaded, LAYER, images)

    with pytest.raises(EvaluationError, match="another process finds concepts of 'concepts'"):
        find(loaded, LAYER, images, on_progress=second)


def test_the_command_writes_what_the_app_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engines, "usual_workers", lambda: 0)
    folder, data = random_checkpoint(), noisy_pictures(tmp_path / "data")
    arguments = ["random", "--layer", LAYER, "--data", str(data), "--rank", "2", "--device", "cpu"]
    assert main(["concepts", *arguments, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert said.err == "unreadable images left out: 1\n"
    assert said.out.startswith(f"{LAYER}, 2 concepts in 10 photos of ")
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"concepts.json", "directions.npy", "concept.0.png", "concept.1.png"}
    content = json.loads((tmp_path / "out" / "concepts.json").read_text())
    kept = stored.read(folder / paths.CONCEPTS / LAYER)
    assert kept is not None
    assert len(kept[0].samples) == len(content["samples"]) == 10
