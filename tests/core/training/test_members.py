"""Training images like a group are told by their properties, features and class."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.checkpoints import paths, store
from core.data.sources.public import shortcut
from core.errors import RecipeError
from core.models import registry
from core.predictions import evaluations
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import samples_of
from core.training.emphasis import members
from core.training.settings.schema import Emphasis
from tests.support.results import kept_groups

SETTINGS = Emphasis("random/found", "brick")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with random weights; the digits 0 to 4 on brick are a group among 200 validation images."""
    root, images = tmp_path_factory.mktemp("checkpoints"), shortcut.images()
    with paths.rooted(root), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = registry.build("seewhy:four-blocks", 10)
        card = store.Card(
            "seewhy:four-blocks", images.class_names, registry.default_preprocess("seewhy:four-blocks")
        )
        folder = store.save("random", card, model.state_dict())
        for name, split in (("found", "val"), ("training", "train")):
            samples = samples_of(store.read_card(folder), images, split)
            evaluate(folder, replace(samples, indices=samples.indices[:200]), keep=Keep(name))
        on_brick = np.array(images.metadata["background"]) == "brick"
        inside = np.flatnonzero(on_brick & (images.labels < 5) & (images.published == "val"))
        kept_groups.keep(
            evaluations.find(folder, "found"), {"brick": [images.sample_ids[index] for index in inside]}
        )
    return root


@pytest.mark.slow
def test_the_group_in_training_is_what_it_is_in_validation(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(root))
    images = shortcut.images()
    told = members(SETTINGS, images)
    judged = np.flatnonzero(images.published == "train")[:200]
    expected = (np.array(images.metadata["background"]) == "brick") & (images.labels < 5)
    assert told[judged].tolist() == expected[judged].tolist()
    assert expected[judged].sum() > 0
    assert not np.delete(told, judged).any()


def test_without_an_evaluation_of_the_training_images_the_command_is_named(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(root))
    with monkeypatch.context() as patched:
        every = evaluations.every
        patched.setattr(
            evaluations, "every", lambda folder: [each for each in every(folder) if each.name == "found"]
        )
        with pytest.raises(RecipeError, match="run: python -m core evaluate random --split train"):
            members(SETTINGS, shortcut.images())


def test_an_unknown_group_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(root))
    with pytest.raises(RecipeError, match="'dark' is not a group of 'random/found'"):
        members(Emphasis("random/found", "dark"), shortcut.images())
