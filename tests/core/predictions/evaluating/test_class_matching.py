"""Classes of a data set match those of a network by name, in any case, and by synset."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.checkpoints import store
from core.data.image_set import ImageSet
from core.errors import DataError
from core.models import imagenet
from core.predictions.evaluating.evaluate import evaluate
from core.predictions.evaluating.samples import labels_for, open_images, samples_of


def _set_of(names: list[str]) -> ImageSet:
    """An image of each class, none of which can be opened."""
    labels = np.arange(len(names))
    return ImageSet(
        "names", tuple(names), labels, [str(each) for each in labels], image=_closed, fingerprint=""
    )


def _closed(_index: int) -> Image.Image:
    raise AssertionError


def test_classes_match_in_any_case_and_with_underscores() -> None:
    known = ("Tiger cat", "dog_house", "Crane", "crane", "owl", "owl")
    found = labels_for(_set_of(["dog house", "tiger_CAT", "crane", "Crane", "owl (5)"]), known)
    assert found.tolist() == [1, 0, 3, 2, 5]
    assert labels_for(_set_of(["CRANE", "owl", "Tiger Cat"]), known).tolist() == [-1, -1, 0]
    with pytest.raises(
        DataError, match=r"the checkpoint has no class 'CRANE', 'owl'; it has Tiger cat, dog_"
    ):
        labels_for(_set_of(["CRANE", "owl"]), known)
    with pytest.raises(DataError, match=r"no class 'a', 'b', 'c' and 2 more; it has"):
        labels_for(_set_of(list("abcde")), known)


@pytest.mark.slow
def test_classes_of_imagenet_also_go_by_their_synsets() -> None:
    """WordNet: n02123045 is the tabby, n02123159 the tiger cat, n02012849 the bird among the cranes."""
    classes = imagenet.class_names()
    found = labels_for(_set_of(["n02123045", "tiger_cat", "n02012849", "n03126707"]), classes)
    assert [classes[index] for index in found] == ["tabby", "tiger cat", "crane (bird)", "crane (machine)"]
    assert labels_for(_set_of(imagenet.synsets()), classes).tolist() == list(range(1000))
    assert labels_for(_set_of(["n02123045", "n99999999"]), classes).tolist() == [281, -1]
    with pytest.raises(DataError, match="the checkpoint has no class 'n99999999'; it has tench, goldfish"):
        labels_for(_set_of(["n99999999"]), classes)


def test_a_thousand_other_classes_have_no_synsets() -> None:
    others = [f"class {index}" for index in range(1000)]
    with pytest.raises(DataError, match="the checkpoint has no class 'n02123045'"):
        labels_for(_set_of(["n02123045"]), others)
    # Somebody else's words for some of them make no difference.
    renamed = ["fish", *imagenet.class_names()[1:]]
    assert labels_for(_set_of(["n01440764", "fish"]), renamed).tolist() == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["{synset}_{name}", "{synset}/1", "val/{synset}/1", "{name}/1"])
def test_the_built_in_network_knows_photos_in_any_layout(
    photos: list[Path], layout: str, tmp_path: Path
) -> None:
    """Eight photos, seven of which it has right; wrong labels would leave none."""
    for photo in photos[1:80:10]:
        synset, name = photo.stem.split("_", 1)
        target = tmp_path / "data" / f"{layout.format(synset=synset, name=name)}.JPEG"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(photo)
    folder = store.save("another", store.read_card(store.find("imagenet")), {})
    images = open_images(folder, tmp_path / "data")
    found = evaluate(folder, samples_of(store.read_card(folder), images, "val"))
    assert (found["num_samples"], found["majority_baseline"]) == (8, 1 / 8)
    assert found["accuracy"] >= 6 / 8
    assert found["top5_accuracy"] >= 7 / 8
