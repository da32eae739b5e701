"""A folder of own images trains; a few damaged ones are skipped, many stop it."""

from pathlib import Path

import pytest

from core.checkpoints import paths, store
from core.errors import DataError, RecipeError
from core.training.lightning.train import Job, train
from core.training.network import network
from tests.support.trainings.short_trainings import SIGNS, TWO_CONVOLUTIONS, job, short_recipe


def test_a_folder_of_ones_own_trains_and_broken_images_are_skipped(
    tmp_path: Path, photos_of_two_classes: Path
) -> None:
    job = Job("own", data=photos_of_two_classes)
    recipe = short_recipe(*SIGNS, "data.per_class=0", "data.val=0.25", "epochs=1")
    card = store.read_card(train(recipe, job))
    assert card.class_names == ("dark", "light")
    assert card.data["skipped"] == 2
    assert card.data["train"] + card.data["val"] == 38
    assert str(tmp_path) not in (paths.folder("own") / paths.CARD).read_text()


def test_more_than_a_few_damaged_images_stop_a_training(photos_of_two_classes: Path) -> None:
    for name in ("5.png", "6.png", "7.png", "8.png"):
        (photos_of_two_classes / "light" / name).write_text("no picture")
    job = Job("own", data=photos_of_two_classes)
    with pytest.raises(
        DataError, match=r"^6 of 40 images of '.*' cannot be read, more than 2%; 'python -m core data"
    ):
        train(short_recipe(*SIGNS, "data.per_class=0", "data.val=0.25", "epochs=1"), job)
    card = store.read_card(paths.folder("own"))
    assert (card.status, card.reason[:17]) == ("failed", "6 of 40 images of")


@pytest.mark.slow
def test_images_too_small_for_an_auxiliary_head_are_refused_too() -> None:
    changes = ("model.architecture=torchvision:inception_v3", "image.size=224")
    with pytest.raises(RecipeError, match="images of 224 x 224 pixels do not fit torchvision:inception_v3"):
        network(short_recipe(*changes), 10)
    without = ("model.architecture=torchvision:inception_v3?aux_logits=false", "image.size=224")
    assert network(short_recipe(*without), 10).preprocess.input_size == (224, 224)


@pytest.mark.parametrize("size", [1, 2])
def test_images_too_small_for_the_network_are_refused_before_anything_is_read(size: int) -> None:
    recipe = short_recipe(*TWO_CONVOLUTIONS, f"image.size={size}")
    with pytest.raises(
        RecipeError, match=rf"images of {size} x {size} pixels do not fit seewhy:two-conv-mnist; set"
    ):
        train(recipe, job())
