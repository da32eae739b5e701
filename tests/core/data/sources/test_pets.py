"""The pets have breeds or species, and the parts of their published lists."""

from pathlib import Path

import numpy as np
import pytest

from core.data.sources import catalogue
from core.errors import DataError
from tests.support.images.image_sets import counts, parts, picture, real
from tests.support.paths import DATA


def test_pets_have_the_breeds_that_are_present() -> None:
    images = real("pets-breeds")
    assert counts(images) == {"Abyssinian": 169, "American Bulldog": 170, "Bengal": 170}
    assert parts(images) == {"test": 256, "train": 253}
    assert images.class_names[images.labels[images.sample_ids.index("images/Bengal_1.jpg")]] == "Bengal"


def test_pets_are_cats_or_dogs() -> None:
    images = real("pets-cat-dog")
    assert counts(images) == {"Cat": 339, "Dog": 170}
    species = np.array([path.split("/")[1][0].isupper() for path in images.sample_ids])
    assert np.array_equal(images.labels == 0, species)  # Cats are written with a capital.


def test_pets_are_what_torchvision_lists() -> None:
    from torchvision.datasets import OxfordIIITPet

    images = real("pets-cat-dog")
    peers = [OxfordIIITPet(DATA, split, target_types="binary-category") for split in ("trainval", "test")]
    assert [Path(path).name for path in images.sample_ids] == [
        path.name for peer in peers for path in peer._images
    ]
    assert images.labels.tolist() == [label for peer in peers for label in peer._bin_labels]


def write_pets(root: Path, *breeds: tuple[str, int, int]) -> None:
    (root / "annotations").mkdir(parents=True)
    for name in ("trainval", "test"):
        lines = [f"{breed}_{name} {number} {species} 1\n" for breed, number, species in breeds]
        (root / "annotations" / f"{name}.txt").write_text("".join(lines))
        for breed, _, _ in breeds:
            picture(root / "images" / f"{breed}_{name}.jpg")


def test_a_listed_image_that_is_missing_is_named(tmp_path: Path) -> None:
    write_pets(tmp_path, ("Bengal", 6, 1), ("beagle", 5, 2))
    (tmp_path / "images" / "beagle_test.jpg").unlink()
    with pytest.raises(DataError, match=r"cannot read '.*beagle_test.jpg', which pets-breeds should have"):
        catalogue.load("pets-breeds", tmp_path)


def test_a_damaged_list_of_pets_is_refused(tmp_path: Path) -> None:
    write_pets(tmp_path, ("Bengal", 6, 1), ("beagle", 5, 2))
    (tmp_path / "annotations" / "test.txt").write_text("only three fields\n")
    with pytest.raises(DataError, match=r"the lists in .* are damaged; unpack them again"):
        catalogue.load("pets-breeds", tmp_path)
