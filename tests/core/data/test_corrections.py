"""Decisions on labels: read, written, and applied without moving an image between splits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data import corrections
from core.data.corrections import Correction
from core.data.division import Division, divided
from core.data.image_set import ImageSet, Pixels
from core.errors import DataError

CLASSES = ("ant", "bee", "cat")


@pytest.fixture
def images() -> ImageSet:
    """Sixty images of three classes."""
    labels = np.arange(60) % 3
    array = np.zeros((60, 4, 4), np.uint8)
    ids = [f"set/{row}" for row in range(60)]
    return ImageSet("set", CLASSES, labels, ids, Pixels(array), "abc")


def _file(folder: Path, *decided: Correction) -> Path:
    corrections.write(folder / "corrections.csv", decided)
    return folder / "corrections.csv"


def test_decisions_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Also names that a spreadsheet would run."""
    decided = (
        Correction("=a/1.png", "relabel", "-bee", "=a/1.png"),
        Correction("b, 2.png", "exclude"),
        Correction("c", "keep"),
        Correction("d", "unsure"),
    )
    path = _file(tmp_path, *decided)
    assert "'=a/1.png" in path.read_text()
    assert corrections.read(path) == {each.sample_id: each for each in decided}


def test_the_last_decision_on_a_sample_counts(tmp_path: Path) -> None:
    path = _file(tmp_path, Correction("a", "exclude"), Correction("a", "keep"))
    assert corrections.read(path)["a"].decision == "keep"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,decision\na,keep\n", "lacks the column 'sample_id'"),
        ("sample_id,decision\na,keep\nb,drop\n", "row 3 .* the decision 'drop' is none of keep, relabel"),
        ("sample_id,decision,label\na,relabel,\n", "row 2 .* only relabel has one"),
        ("sample_id,decision,label\na,keep,cat\n", "row 2 .* only relabel has one"),
    ],
)
def test_a_file_of_another_form_names_the_row(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        corrections.read(path)


def test_relabelled_images_have_the_other_class_and_all_else_stays(tmp_path: Path, images: ImageSet) -> None:
    path = _file(tmp_path, Correction("set/0", "relabel", "cat"), Correction("set/4", "keep"))
    applied = corrections.applied(images, path)
    assert np.flatnonzero(applied.labels != images.labels).tolist() == [0]
    assert applied.labels[0] == 2
    assert applied.fingerprint == images.fingerprint
    assert images.labels[0] == 0  # The data set that was open is unchanged.


def test_no_image_moves_to_another_split_and_excluded_ones_are_in_none(
    tmp_path: Path, images: ImageSet
) -> None:
    division = Division(split="random", val_share=0.3, test_share=0.2, seed=4)
    before = divided(images, division)
    gone = [int(before.train[0]), int(before.val[1]), int(before.test[2])]
    decided = [Correction(f"set/{row}", "exclude") for row in gone]
    decided += [Correction(f"set/{row}", "relabel", "ant") for row in before.train[3:9]]
    after = divided(corrections.applied(images, _file(tmp_path, *decided)), division)
    for side in ("train", "val", "test"):
        assert getattr(after, side).tolist() == [row for row in getattr(before, side) if row not in gone]


def test_decisions_on_other_samples_or_classes_are_refused(tmp_path: Path, images: ImageSet) -> None:
    with pytest.raises(DataError, match=r"none of the 1 decisions .* is on a sample of 'set'"):
        corrections.applied(images, _file(tmp_path, Correction("other/1", "exclude")))
    with pytest.raises(DataError, match="'set/1' is relabelled 'dog', which is no class here"):
        corrections.applied(images, _file(tmp_path, Correction("set/1", "relabel", "dog")))


def test_two_folders_of_one_name_have_two_files(
    tmp_path: Path, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path))
    assert corrections.usual_place(images) == tmp_path / "corrections" / "set.csv"
    one, two = (
        corrections.usual_place(replace(images, root=tmp_path / place / "train")) for place in ("a", "b")
    )
    assert one != two
    assert one.name.startswith("train-")
