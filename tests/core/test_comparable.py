"""Which checkpoints are offered beside another: same images, a class in common, the next in time first."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from core import checkpoint, evaluations
from core.evaluations import Facts
from core.mistakes import comparable, results

NOBODY_KNOWS = None


def _made(root: Path, name: str, started: str, fingerprint: str | None, classes: tuple[str, ...]) -> None:
    folder = root / name
    folder.mkdir()
    place = evaluations.place(folder, "val")
    place.mkdir(parents=True)
    (place / evaluations.PREDICTIONS).touch()
    evaluations.write_facts(place, Facts(fingerprint=fingerprint))
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

    monkeypatch.setattr(checkpoint, "find", lambda name: tmp_path / name)
    monkeypatch.setattr(checkpoint, "read_card", card)
    monkeypatch.setattr(results, "available", lambda: [path.name for path in tmp_path.iterdir()])
    return tmp_path


@pytest.mark.usefixtures("names")
def test_first_what_was_trained_next_then_what_came_before() -> None:
    assert comparable.comparable("second") == ["third", "fourth", "first", "zeroth"]


@pytest.mark.usefixtures("names")
def test_other_images_or_no_class_in_common_are_not_offered() -> None:
    assert comparable.comparable("other images") == ["third"]
    assert comparable.comparable("other classes") == []


def test_the_shipped_networks_find_each_other() -> None:
    assert comparable.comparable("signs-plain")[:2] == ["signs-bn", "signs-bn-aug"]
    assert comparable.comparable("signs-bn")[0] == "signs-bn-aug"
    assert "pets-cat-dog" in comparable.comparable("pets-cat-dog-scratch")
    assert "signs-bn" not in comparable.comparable("digits")
