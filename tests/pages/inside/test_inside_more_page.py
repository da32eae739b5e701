"""The Inside page beyond a channel's card: what stages see, weights as tiles, and the image of a class."""

import base64
import io

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.explain.ascent import LOGITS
from core.inside import field_sizes
from pages._ui.inside.numbers import brief
from pages._ui.inside.state import cards, fields
from tests.support.pages.looking_inside import expected, grid, headings, hint, kept, opened, stage_sheets


@pytest.fixture
def _unknown_fields() -> None:
    """No receptive field is known from another test."""
    field_sizes._KNOWN.clear()


def stage_lines(page: AppTest) -> list[str]:
    """What each stage of the overview says about its cells."""
    return [sheet["lines"][1] for sheet in stage_sheets(page)]


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent", "_unknown_fields")
def test_the_overview_says_what_a_cell_of_each_stage_sees() -> None:
    expected = [f"sees {side} × {side} pixels" for side in (7, 19, 67)] + ["sees the whole image"] * 2
    assert stage_lines(opened()) == expected


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent", "_unknown_fields")
def test_the_overview_is_drawn_before_receptive_fields_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "find_for_a_while", lambda _loaded: False)
    page = opened()
    assert {line.strip() for line in stage_lines(page)} == {""}
    assert grid(page)["cells"]


def sheet_picture(page: AppTest) -> NDArray[np.uint8]:
    """The tiles as the browser gets them, RGBA."""
    file = base64.b64decode(grid(page)["picture"].removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(file)))


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_tiles_show_the_filters_of_the_first_layer_in_its_colours(imagenet: Checkpoint) -> None:
    weights = imagenet.model.get_parameter("conv_stem.weight").detach().numpy()
    page = opened(layer="conv_stem", show="weights", sort="index")
    norms = np.linalg.norm(weights.reshape(32, -1), axis=1)
    cells = grid(page)["cells"]
    assert [cell["number"] for cell in cells] == [brief(norm) for norm in norms]
    rank = 1 + (norms > norms[7]).sum()
    assert cells[7]["meaning"] == f"Channel 7: norm {brief(norms[7])}, rank {rank} of 32"
    picture, (left, top) = sheet_picture(page), cells[7]["corner"]
    levels = 127.5 + 127.5 * weights[7] / np.abs(weights).max()
    squares = picture[top : top + 111 : 37, left : left + 111 : 37, :3]
    np.testing.assert_allclose(squares, levels.transpose(1, 2, 0), atol=0.51)
    assert "Grey is a weight of 0; one scale for all." in hint(page)


@pytest.mark.usefixtures("_no_ascent")
def test_filters_of_single_weights_say_how_many_channels_they_read() -> None:
    page = opened(layer="bn2", show="weights")
    assert "conv_head, 1 × 1. One square for each of its 64 strongest weights, of 320." in hint(page)
    assert [each for each in page.get("download_button") if each.proto.label == "Poster of weights"]


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_filters_of_digits_show_their_strongest_kernels() -> None:
    assert "The strongest 9 of its 64 kernels." in hint(
        opened(checkpoint="digits", layer="block2", show="weights")
    )


@pytest.mark.usefixtures("_no_ascent")
def test_a_layer_without_a_filter_for_each_channel_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "filters_of", lambda _loaded, _layer: None)
    page = opened(checkpoint="digits", layer="block2", show="weights")
    assert any("No single filter makes a channel of this layer" in each.value for each in page.info)
    assert "Each channel from its lowest value (dark) to its highest (bright)." in hint(page)
    assert "Poster of weights" not in [each.proto.label for each in page.get("download_button")]


def button_labels(page: AppTest) -> list[str]:
    return [each.label for each in page.button]


def captions(page: AppTest) -> str:
    return " ".join(each.value for each in page.caption)


@pytest.mark.usefixtures("_no_ascent")
def test_the_image_of_a_class_is_not_made_unasked() -> None:
    page = opened(checkpoint="digits", open="class image")
    assert "Make the image" in button_labels(page)
    assert "Made by ascent" not in captions(page)
    assert "not what the class looks like." in captions(page)


@pytest.mark.slow
def test_the_image_of_a_class_reaches_the_logit_that_the_network_gives_it() -> None:
    page = opened(checkpoint="digits", open="class image", **{"class": "3"})
    assert "## Class image: 3" in headings(page)
    page.button(key="class_image_start").click().run()
    assert not page.exception
    loaded = store.load(store.find("digits"))
    found = kept("digits", LOGITS, 3, "robust")
    assert found is not None
    assert f"Made by ascent: its logit is **+{found.activation:.2f}**." in captions(page)
    grey = torch.from_numpy(found.picture[..., 0] / np.float32(255))
    preprocess = loaded.card.preprocess
    logits = loaded.model((grey[None, None] - preprocess.mean[0]) / preprocess.std[0])
    assert float(logits[0, 3]) == pytest.approx(found.activation, rel=0.01)
    again = opened(checkpoint="digits", open="class image", **{"class": "3"})
    assert "Make the image" not in button_labels(again)


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_the_photo_beside_it_has_its_own_logit_for_the_class(imagenet: Checkpoint) -> None:
    class_idx = imagenet.card.class_names.index("goldfish")
    logit = float(expected(imagenet, "blocks.0", class_idx).logits[class_idx])
    shown = f"its logit is **{logit:+.2f}**.".replace("-", "−")
    assert shown in captions(opened(open="class image", **{"class": "goldfish"}))
