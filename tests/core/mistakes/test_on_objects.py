"""The heat on objects is the mean of each map's energy inside the mask."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.__main__ import main
from core.checkpoints import paths, store
from core.data.sources.public import shortcut
from core.errors import DataError
from core.mistakes.on_objects import heat_on_objects, of_samples
from core.predictions import evaluations, properties
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import samples_of
from tests.support.paths import ROOT

FOLDER = ROOT / "checkpoints" / "shortcut"


def test_it_is_the_share_of_the_positive_map_inside_the_mask() -> None:
    images = shortcut.images()
    whole = replace(images, mask=lambda _index: np.ones((64, 64), bool))
    found = heat_on_objects(FOLDER, whole, [3, 4, 5])
    assert found is not None
    assert (found.energy, found.area, found.num_images) == (1, 1, 3)
    halves = [
        heat_on_objects(FOLDER, replace(images, mask=lambda _index, side=side: side), [3, 4, 5])
        for side in (
            np.arange(64 * 64).reshape(64, 64) % 64 < 32,
            np.arange(64 * 64).reshape(64, 64) % 64 >= 32,
        )
    ]
    assert sum(each.energy for each in halves if each) == pytest.approx(1)
    assert [each.area for each in halves if each] == [0.5, 0.5]


def test_data_without_masks_give_nothing() -> None:
    assert heat_on_objects(FOLDER, replace(shortcut.images(), mask=None), [3]) is None


@pytest.fixture
def _twelve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped network, evaluated on twelve of its validation images."""
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    shutil.copytree(FOLDER, tmp_path / "shortcut", ignore=shutil.ignore_patterns(paths.EVALUATIONS))
    folder = store.find("shortcut")
    samples = samples_of(store.read_card(folder), shortcut.images(), "val")
    evaluate(folder, replace(samples, indices=samples.indices[:12]), keep=Keep("few"))


@pytest.mark.usefixtures("_twelve")
def test_the_command_adds_size_and_heat_of_each_object_to_the_properties(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["objects", "shortcut", "--evaluation", "few", "--out", str(tmp_path / "out")]) == 0
    evaluation = evaluations.find(store.find("shortcut"), "few")
    known, images = properties.read(evaluation), shortcut.images()
    assert known is not None
    places = [images.sample_ids.index(name) for name in known["sample_id"]]
    areas = [images.mask(index).mean() for index in places]  # type: ignore[misc]
    np.testing.assert_allclose(known["object_size"], areas, atol=1e-6)
    alone = [heat_on_objects(evaluation.of, images, [index]) for index in places[:3]]
    np.testing.assert_allclose(
        known["heat_on_object"][:3], [each.energy for each in alone if each], atol=1e-5
    )
    content = json.loads((tmp_path / "out" / "objects.json").read_text())
    assert content["num_images"] == 12
    assert content["heat_on_object"] == pytest.approx(known["heat_on_object"].mean(), abs=1e-5)
    assert "12 of 12 samples have a mask; heat on the object: " in capsys.readouterr().out


@pytest.mark.usefixtures("_twelve")
def test_a_folder_without_masks_is_named(tmp_path: Path) -> None:
    evaluation = evaluations.find(store.find("shortcut"), "few")
    with pytest.raises(DataError, match="empty' has no mask for any sample of 'few'"):
        of_samples(evaluation, tmp_path / "empty")
