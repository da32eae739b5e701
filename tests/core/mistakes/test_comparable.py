"""Which evaluations are offered beside another: same images, a class in common, the next in time first."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.checkpoints import paths, store
from core.errors import CheckpointError, EvaluationError
from core.mistakes import comparable, results
from core.predictions import evaluations
from core.predictions.evaluations import Evaluation, Facts

NOBODY_KNOWS = None


def _evaluated(folder: Path, name: str, fingerprint: str | None, split: str = "val") -> None:
    place = evaluations.place(folder, name)
    place.mkdir(parents=True)
    (place / paths.PREDICTIONS).touch()
    evaluations.write_facts(place, Facts(fingerprint=fingerprint, split=split))


def _made(root: Path, name: str, started: str, fingerprint: str | None, classes: tuple[str, ...]) -> None:
    folder = root / name
    folder.mkdir()
    _evaluated(folder, "photos", fingerprint)
    (folder / "test.json").write_text(json.dumps({"started": started, "classes": classes}))


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    _made(tmp_path, "second", "2026-02", "same", ("cat", "dog"))
    _made(tmp_path, "fourth", "2026-04", "same", ("Dog", "owl"))
    _made(tmp_path, "third", "2026-03", NOBODY_KNOWS, ("cat", "dog"))
    _made(tmp_path, "zeroth", "2026-00", "same", ("cat", "dog"))
    _made(tmp_path, "first", "2026-01", "same", ("cat", "dog"))
    _made(tmp_path, "other images", "2026-05", "others", ("cat", "dog"))
    _made(tmp_path, "other classes", "2026-05", "same", ("stop", "yield"))

    def card(folder: Path) -> SimpleNamespace:
        known = json.loads((folder / "test.json").read_text())
        return SimpleNamespace(
            class_names=tuple(known["classes"]), training={"started": known["started"]}, data={}
        )

    def found(name: str) -> Path:
        if not (tmp_path / name).is_dir():
            raise CheckpointError(f"no checkpoint named {name!r}")
        return tmp_path / name

    monkeypatch.setattr(store, "find", found)
    monkeypatch.setattr(store, "read_card", card)
    monkeypatch.setattr(results, "available", lambda: [path.name for path in tmp_path.iterdir()])
    return tmp_path


def _offered(folder: Path, name: str | None = None) -> list[str]:
    return [comparable.address(each) for each in comparable.comparable(evaluations.find(folder, name))]


def _first(name: str) -> Evaluation:
    return evaluations.find(paths.root() / name)


def test_first_what_was_trained_next_then_what_came_before(names: Path) -> None:
    expected = ["third/photos", "fourth/photos", "first/photos", "zeroth/photos"]
    assert _offered(names / "second") == expected


def test_other_images_or_no_class_in_common_are_not_offered(names: Path) -> None:
    assert _offered(names / "other images") == ["third/photos"]
    assert _offered(names / "other classes") == []


def test_last_comes_the_same_network_on_other_images(names: Path) -> None:
    _evaluated(names / "second", "street", "others")
    assert _offered(names / "second")[-1] == "second/street"
    # Beside those on the street are others on the street, and its own on the photos.
    expected = ["third/photos", "other images/photos", "second/photos"]
    assert _offered(names / "second", "street") == expected


def test_other_splits_of_the_same_images_have_no_sample_in_common(names: Path) -> None:
    _evaluated(names / "first", "tested", "same", "test")
    _evaluated(names / "first", "whole", "same", "all")
    assert "first/tested" not in _offered(names / "second")
    assert {"first/photos", "first/whole"} <= set(_offered(names / "second"))


def test_an_address_of_a_mere_checkpoint_leads_to_what_can_be_compared(names: Path) -> None:
    _evaluated(names / "first", "a-street", "others")
    beside = evaluations.find(names / "second")
    assert [each.name for each in evaluations.every(names / "first")] == ["a-street", "photos"]
    assert comparable.address(comparable.at("first", beside)) == "first/photos"
    assert comparable.address(comparable.at("first/a-street", beside)) == "first/a-street"
    assert comparable.address(comparable.at("other images", beside)) == "other images/photos"
    with pytest.raises(EvaluationError, match="'first' has no evaluation 'no'; there is a-street, photos"):
        comparable.at("first/no", beside)
    with pytest.raises(CheckpointError, match="no checkpoint named 'no'"):
        comparable.at("no", beside)


def test_the_shipped_networks_find_each_other() -> None:
    offered = {name: comparable.comparable(_first(name)) for name in ("signs-plain", "signs-bn", "digits")}
    assert [each.of.name for each in offered["signs-plain"]][:2] == ["signs-bn", "signs-bn-aug"]
    assert offered["signs-bn"][0].of.name == "signs-bn-aug"
    assert "pets-cat-dog" in [each.of.name for each in comparable.comparable(_first("pets-cat-dog-scratch"))]
    assert "signs-bn" not in [each.of.name for each in offered["digits"]]
