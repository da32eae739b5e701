"""Evaluations lie beside each other and say what they are of; one may be made, replaced or deleted."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from core.checkpoints import paths, store
from core.checkpoints.local import remembered_data
from core.data.sources import catalogue
from core.errors import DataError, EvaluationError
from core.passes.progress import PassProgress
from core.predictions import evaluations
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluations import Facts
from tests.support.stored.evaluation_folders import files, samples


def test_evaluating_on_other_images_leaves_the_first_as_it_was(
    folder: Path, pictures: Path, street: Path
) -> None:
    evaluate(folder, samples(folder, pictures))
    before = files(folder)
    evaluate(folder, samples(folder, street))
    assert {name: content for name, content in files(folder).items() if name in before} == before
    counts = {each.name: each.facts.num_images for each in evaluations.every(folder)}
    assert counts == {"pictures-val": 10, "street-val": 8}


def test_a_checkpoint_is_evaluated_once_a_table_is_in_its_place(folder: Path, pictures: Path) -> None:
    unfinished = evaluations.workplace(folder, "pictures-val")
    unfinished.mkdir(parents=True)
    (unfinished / paths.PREDICTIONS).touch()
    assert not evaluations.is_evaluated(folder)
    evaluate(folder, samples(folder, pictures))
    assert evaluations.is_evaluated(folder)


def test_it_says_what_it_is_of(folder: Path, pictures: Path) -> None:
    evaluate(folder, samples(folder, pictures, "all"), keep=Keep("by-hand", pictures))
    found = evaluations.find(folder, "by-hand")
    assert replace(found.facts, date="", key="") == Facts(
        data="pictures",
        source="folder",
        split="all",
        fingerprint=catalogue.load("folder", pictures).fingerprint,
        num_images=10,
        weights_sha256=store.read_card(folder).weights_sha256,
    )
    assert found.facts.date[:2] == "20"
    assert remembered_data(found.folder) == pictures


def test_a_name_of_other_images_splits_or_weights_is_refused(
    folder: Path, pictures: Path, street: Path
) -> None:
    keep, few = Keep("mine"), samples(folder, pictures)
    evaluate(folder, few, keep=keep)
    before = files(folder)
    with pytest.raises(EvaluationError, match="'random' has an evaluation 'mine' of other images; choose"):
        evaluate(folder, samples(folder, street), keep=keep)
    with pytest.raises(EvaluationError, match="of another split; choose another name with --as NAME, or"):
        evaluate(folder, replace(few, indices=few.indices[1:], split="train"), keep=keep)
    assert files(folder) == before
    card, tensors = store.read_card(folder), store.load(folder).model.state_dict()
    store.update(folder, card, {name: value + 1 for name, value in tensors.items()})
    with pytest.raises(EvaluationError, match="of other weights"):
        evaluate(folder, samples(folder, pictures), keep=keep)


def test_the_same_again_and_what_is_to_be_replaced_take_the_place(
    folder: Path, pictures: Path, street: Path
) -> None:
    first = evaluate(folder, samples(folder, pictures), keep=Keep("mine"))
    assert evaluate(folder, samples(folder, pictures), keep=Keep("mine")) == first
    evaluate(folder, samples(folder, street), keep=Keep("mine", replace=True))
    assert [each.facts.data for each in evaluations.every(folder)] == ["street"]
    assert len(pd.read_parquet(evaluations.find(folder).table)) == 8
    assert sorted(path.name for path in (folder / "evaluations").iterdir()) == ["mine"]


def test_results_are_not_replaced_by_those_of_fewer_images(folder: Path, pictures: Path) -> None:
    """An image that could be read is damaged now, at the same length and beyond the checked contents."""
    wanted = samples(folder, pictures)
    evaluate(folder, wanted)
    before = files(folder)
    (pictures / "apple" / "0.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="1 images that could be read for 'pictures-val' cannot be read now"):
        evaluate(folder, wanted)
    after = files(folder)
    assert {name: after[name] for name in before} == before
    assert not [name for name in after if name.endswith("000000.parquet")]


def test_two_with_different_names_may_be_made_at_once(folder: Path, pictures: Path, street: Path) -> None:
    lock = evaluations.lock_of(folder, "pictures-val")
    lock.parent.mkdir(parents=True)
    with FileLock(lock):
        assert evaluations.under_way(folder) == ["pictures-val"]
        evaluate(folder, samples(folder, street))
        with pytest.raises(EvaluationError, match="'random' is being evaluated as 'pictures-val' by another"):
            evaluate(folder, samples(folder, pictures))
    assert evaluations.under_way(folder) == []


def test_an_interrupted_one_says_what_it_is_to_be_and_goes_on_or_is_forgotten(
    folder: Path, pictures: Path
) -> None:
    def stop(_progress: PassProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples(folder, pictures), keep=Keep("mine", pictures), on_progress=stop)
    (waiting,) = evaluations.interrupted(folder)
    assert (waiting.name, waiting.facts.split, remembered_data(waiting.folder)) == ("mine", "val", pictures)
    assert evaluations.every(folder) == []
    with FileLock(evaluations.lock_of(folder, "mine")):
        assert evaluations.interrupted(folder) == []
        with pytest.raises(EvaluationError, match="'mine' is being evaluated"):
            evaluations.forget(folder, "mine")
    evaluations.forget(folder, "mine")
    assert (evaluations.interrupted(folder), list((folder / "evaluations").iterdir())) == ([], [])


def test_all_that_belongs_to_it_is_deleted_and_nothing_else(
    folder: Path, pictures: Path, street: Path
) -> None:
    evaluate(folder, samples(folder, street))
    before = files(folder)
    evaluate(folder, samples(folder, pictures))
    (evaluations.place(folder, "pictures-val") / "scores.npy").write_bytes(b"scores")
    evaluations.delete(folder, "pictures-val")
    assert files(folder) == before
    with pytest.raises(EvaluationError, match="no evaluation 'pictures-val'"):
        evaluations.delete(folder, "pictures-val")


def test_what_is_being_replaced_is_not_deleted(folder: Path, pictures: Path) -> None:
    evaluate(folder, samples(folder, pictures))
    lock = evaluations.lock_of(folder, "pictures-val")
    lock.parent.mkdir()
    with (
        FileLock(lock),
        pytest.raises(EvaluationError, match="'pictures-val' is being evaluated; wait until"),
    ):
        evaluations.delete(folder, "pictures-val")
    assert len(evaluations.every(folder)) == 1
