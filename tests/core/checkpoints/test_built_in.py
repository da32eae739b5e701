"""The built-in network is what the installed packages say, and right on real photos."""

from pathlib import Path

import pytest
import timm.data
import torch

from core import images
from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.models import imagenet as built_in
from core.models import registry
from core.predictions.top_k import top_k


def test_the_committed_card_is_what_the_installed_packages_say_today() -> None:
    card = store.read_card(paths.root() / paths.BUILT_IN)
    assert card.architecture == built_in.ARCHITECTURE
    assert card.class_names == tuple(built_in.class_names())
    assert card.preprocess == registry.default_preprocess(built_in.ARCHITECTURE)
    assert card.preprocess.mean == card.preprocess.std == (0.5, 0.5, 0.5)
    assert (card.preprocess.resize, card.preprocess.input_size) == (256, (224, 224))
    assert (card.base, card.weights_sha256) == ("imagenet", None)


def test_its_thousand_class_names_are_all_different_and_in_imagenets_order() -> None:
    names = built_in.class_names()
    assert len(set(names)) == len(names) == 1000
    assert (names[0], names[281], names[999]) == ("tench", "tabby", "toilet tissue")
    assert (names[134], names[517]) == ("crane (bird)", "crane (machine)")


def test_its_weights_fill_every_tensor_of_the_network(imagenet: Checkpoint) -> None:
    weights, wanted = built_in.weights(), imagenet.model.state_dict()
    assert list(weights) == list(wanted)
    assert len(weights) == 296
    assert all(weights[name].shape == tensor.shape for name, tensor in wanted.items())


@pytest.mark.slow
def test_it_is_right_on_real_photos(photos: list[Path]) -> None:
    """One photo of each of 250 classes; with ImageNet's mean and std instead of 0.5 it is 8 points worse."""
    imagenet = store.load_for_speed(store.find(paths.BUILT_IN))
    synsets = timm.data.ImageNetInfo().label_names()
    ranks = []
    for path in photos:
        batch = imagenet.card.preprocess.batch([images.read(path)])
        with torch.inference_mode():
            best = top_k(imagenet.model(batch)[0], imagenet.card.class_names)
        guesses = [synsets[each.class_idx] for each in best]
        ranks.append([*guesses, path.name.split("_")[0]].index(path.name.split("_")[0]))
    assert ranks.count(0) / len(photos) >= 0.85
    assert sum(rank < 5 for rank in ranks) / len(photos) >= 0.95
