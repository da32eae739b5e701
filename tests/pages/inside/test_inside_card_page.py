"""The card of a channel has its classes, its filter and its patches."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.inside.examples import stored_examples
from tests.support.pages.looking_inside import (
    ascent_card,
    drawn,
    opened,
)


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_the_classes_of_a_channel_are_those_of_the_heads_largest_and_smallest_weights(
    imagenet: Checkpoint,
) -> None:
    weights = imagenet.model.get_parameter("classifier.weight").detach().numpy()[:, 112]
    order = np.argsort(-weights)
    rows = drawn(opened(layer="bn2", channel="112"), "seewhy-classes").split("<span")[1:]
    assert len(rows) == 8
    for row, class_idx in zip(rows, [*order[:5], *order[-3:]], strict=True):
        assert f">{imagenet.card.class_names[class_idx]}<" in row
        assert f"{weights[class_idx]:+.2f}".replace("-", "−") in row


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_a_layer_that_the_head_does_not_read_has_no_weights_for_classes_and_says_so() -> None:
    assert "its channels have no class weights" in ascent_card(opened(layer="blocks.2"))


@pytest.mark.usefixtures("_no_ascent")
def test_the_filter_of_a_channel_has_its_norm_and_its_rank(imagenet: Checkpoint) -> None:
    weights = imagenet.model.get_parameter("conv_head.weight").detach().numpy().reshape(1280, -1)
    norms = np.linalg.norm(weights, axis=1)
    rank = 1 + (norms > norms[112]).sum()
    page = opened(layer="bn2", channel="112")
    assert f"norm **{norms[112]:.2g}**, rank {rank:,} of 1,280." in ascent_card(page)
    assert "The strongest 16 of 320 kernels" in ascent_card(page)


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the checkpoint of digits, in which examples may be written."""
    folder = tmp_path / "digits"
    shutil.copytree(store.find("digits"), folder, ignore=shutil.ignore_patterns("*examples*"))
    os.utime(folder / paths.CARD)  # Another checkpoint than the one in memory.
    monkeypatch.setattr(store, "find", lambda _name: folder)
    return folder


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_real_patches_are_found_on_demand_and_are_those_of_the_table(digits: Path) -> None:
    page = opened(checkpoint="digits", layer="block2", channel="3")
    assert "From 8 images it was tested on" in ascent_card(page)
    page.button(key="look_card").click().run()
    assert not page.exception
    found = stored_examples.read(digits)
    assert found is not None
    shown = drawn(page, "seewhy-nine")
    own = found.of("block2")[3]
    assert shown.count("<img") == len(own) == 9
    for each in own:
        assert f'title="{each.sample_id} · {each.class_name} · {each.activation:.2g}"' in shown
    assert "From the 1,797 images of digits" in ascent_card(page)
    rows = found.table.filter(found.table["channel"].to_numpy() == 3).to_pylist()
    mean = max(row["mean_activation"] for row in rows)
    assert f"the highest mean is **{mean:.2g}** and the highest cell {own[0].activation:.2g}." in ascent_card(
        page
    )
