"""Evaluations by name: which there are, what each is of, names, deleting, and tables of earlier versions."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from core.__main__ import main
from core.checkpoints import paths, store
from core.checkpoints.local import remember_data, remembered_data
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.errors import DataError, EvaluationError
from core.passes.progress import PassProgress
from core.predictions import evaluations
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.naming import proposed_name
from core.predictions.evaluating.samples import Samples, images_of, samples_of
from core.predictions.evaluations import Facts
from tests.support.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def folder() -> Path:
    return random_checkpoint()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return noisy_pictures(tmp_path / "pictures")


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Other images of the same classes."""
    place = noisy_pictures(tmp_path / "street")
    shutil.rmtree(place / "zebra")
    return place


def samples(folder: Path, place: Path, split: str = "val") -> Samples:
    return samples_of(store.read_card(folder), catalogue.load("folder", place), split)


def files(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by their paths."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


# Beside each other.


def test_evaluating_on_other_images_leaves_the_first_as_it_was(
    folder: Path, pictures: Path, street: Path
) -> None:
    evaluate(folder, samples(folder, pictures))
    before = files(folder)
    evaluate(folder, samples(folder, street))
    assert {name: content for name, content in files(folder).items() if name in before} == before
    counts = {each.name: each.facts.num_images for each in evaluations.every(folder)}
    assert counts == {"pictures-val": 10, "street-val": 8}


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


# Names.


@pytest.mark.parametrize(
    ("data", "split", "name"),
    [
        ("digits", "val", "digits-val"),
        ("My photos (2024)!", "test", "My-photos-2024-test"),
        ("../../etc", "all", "etc-all"),
        ("写真", "val", "val"),
        ("a" * 300, "val", "a" * 60 + "-val"),
    ],
)
def test_usual_names_can_be_names_of_folders(data: str, split: str, name: str) -> None:
    assert evaluations.usual_name(data, split) == name
    evaluations.refuse_odd(name)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a b", "x" * 65, "a\nb"])
def test_odd_names_are_refused(folder: Path, pictures: Path, name: str) -> None:
    with pytest.raises(EvaluationError, match="cannot name an evaluation; use letters, digits"):
        evaluations.place(folder, name)
    if name:
        with pytest.raises(EvaluationError, match="cannot name an evaluation"):
            evaluate(folder, samples(folder, pictures), keep=Keep(name))


def test_where_the_usual_name_is_of_others_a_number_follows(
    folder: Path, pictures: Path, street: Path
) -> None:
    card, wanted = store.read_card(folder), samples(folder, pictures)
    assert proposed_name([], card, wanted) == "pictures-val"
    evaluate(folder, wanted)
    assert proposed_name(evaluations.every(folder), card, wanted) == "pictures-val"
    evaluate(folder, samples(folder, street), keep=Keep("pictures-val", replace=True))
    assert proposed_name(evaluations.every(folder), card, wanted) == "pictures-val-2"
    assert evaluations.free_name("a", {"a", "a-2"}) == "a-3"


def test_layouts_of_anybody_are_named_after_their_folder(pictures: Path) -> None:
    own = {source.name for source in catalogue.SOURCES.values() if source.where.startswith("your own files")}
    assert own == set(evaluations.LAYOUTS)
    images: ImageSet = catalogue.load("folder", pictures)
    assert evaluations.data_name(images) == "pictures"
    assert evaluations.data_name(catalogue.load("digits")) == "digits"


def test_one_that_is_not_there_lists_those_that_are(folder: Path, pictures: Path) -> None:
    with pytest.raises(
        EvaluationError, match="'random' has no predictions yet; run: python -m core evaluate"
    ):
        evaluations.find(folder)
    evaluate(folder, samples(folder, pictures))
    with pytest.raises(EvaluationError, match="'random' has no evaluation 'x'; there is pictures-val"):
        evaluations.find(folder, "x")


def test_those_of_the_training_come_first_then_the_newest(folder: Path) -> None:
    card = store.read_card(folder)
    store.update(folder, replace(card, data={"source": "own", "fingerprint": "own"}))
    known = {
        "own-test": Facts(fingerprint="own", split="test", date="2026-05"),
        "own-val": Facts(fingerprint="own", split="val", date="2026-01"),
        "street": Facts(fingerprint="x", split="val", date="2026-03"),
        "beach": Facts(fingerprint="y", split="val", date="2026-04"),
    }
    for name, facts in known.items():
        place = evaluations.place(folder, name)
        place.mkdir(parents=True)
        (place / paths.PREDICTIONS).touch()
        evaluations.write_facts(place, facts)
    assert [each.name for each in evaluations.every(folder)] == ["own-val", "own-test", "beach", "street"]


# Deleting.


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


# Tables of earlier versions, and facts that cannot be read.


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
    evaluations.delete(folder, "folder-val")
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


def test_odd_things_beside_evaluations_are_in_nobodys_way(folder: Path, pictures: Path) -> None:
    evaluate(folder, samples(folder, pictures))
    (folder / "evaluations" / "notes.txt").write_text("mine")
    (folder / "evaluations" / "empty").mkdir()
    (folder / "evaluations" / ".old").mkdir()
    (folder / "evaluations" / "link").symlink_to("nowhere")
    assert [each.name for each in evaluations.every(folder)] == ["pictures-val"]


# Where the images lie.


def test_each_has_the_images_that_it_was_evaluated_on(folder: Path, pictures: Path, street: Path) -> None:
    for place in (pictures, street):
        assert main(["evaluate", "random", "--device", "cpu", "--data", str(place)]) == 0
    places = {each.name: images_of(each).root for each in evaluations.every(folder)}
    assert places == {"pictures-val": pictures, "street-val": street}


def test_images_of_another_data_set_are_not_looked_for_where_the_training_had_its_own(
    folder: Path, pictures: Path, street: Path
) -> None:
    evaluate(folder, samples(folder, pictures))
    own = catalogue.load("folder", street).fingerprint
    store.update(folder, replace(store.read_card(folder), data={"fingerprint": own}))
    remember_data(folder, street)
    found = evaluations.find(folder)
    with pytest.raises(DataError, match="the folder of the images of 'pictures-val' is unknown"):
        images_of(found)
    evaluations.write_facts(found.folder, replace(found.facts, source="digits"))
    assert images_of(evaluations.find(folder)).name == "digits"


def test_the_command_keeps_it_under_the_name_that_it_is_given(
    folder: Path,
    pictures: Path,
    street: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["evaluate", "random", "--device", "cpu", "--as", "mine", "--data"]
    assert main([*command, str(pictures)]) == 0
    assert capsys.readouterr().out.startswith("random on 10 images of pictures, saved as mine:\n")
    assert main([*command, str(street)]) == 1
    assert capsys.readouterr().err.endswith(
        "error: 'random' has an evaluation 'mine' of other images; "
        "choose another name with --as NAME, or overwrite it with --replace\n"
    )
    assert main([*command, str(street), "--replace"]) == 0
    stored = json.loads((folder / "evaluations" / "mine" / "metrics.json").read_text())
    assert stored["num_samples"] == 8
    assert main([*command[:-2], "../mine", "--data", str(street)]) == 1
