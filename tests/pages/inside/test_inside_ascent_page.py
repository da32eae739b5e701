"""The page makes ascent images when asked, keeps them, and says where a channel is dead."""

import pytest

from core.inside.channels import layer_channels
from tests.support.pages.looking_inside import (
    ascent_card,
    grid,
    kept,
    opened,
)


@pytest.mark.slow
def test_the_ascent_image_of_the_open_channel_is_made_and_kept() -> None:
    page = opened(checkpoint="digits", layer="block2", channel="3")
    found = kept("digits", "block2", 3)
    assert found is not None
    assert f"Its mean activation is **{found.activation:.2g}**." in ascent_card(page)


@pytest.mark.slow
def test_the_method_is_in_the_address_and_makes_another_image() -> None:
    page = opened(checkpoint="digits", layer="block2", channel="3", ascent="robust")
    found = kept("digits", "block2", 3, "robust")
    assert found is not None
    assert kept("digits", "block2", 3) is None
    assert f"Its mean activation is **{found.activation:.2g}**" in ascent_card(page)


@pytest.mark.slow
def test_a_channel_that_no_start_raises_is_called_dead() -> None:
    page = opened(checkpoint="signs-plain", layer="block4", channel="0")
    found = kept("signs-plain", "block4", 0)
    assert found is not None
    assert found.is_dead
    assert "Dead channel: ascent could not raise it from any of three starts." in ascent_card(page)


@pytest.mark.slow
def test_tiles_show_the_ascent_images_that_exist_and_make_the_others_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layer_channels, "PAGE", 8)
    page = opened(checkpoint="digits", layer="block2", channel="3", sort="index", show="ascent")
    tiles = grid(page)["cells"]
    assert [tile["channel"] for tile in tiles if not tile["missing"]] == [3]
    page.button(key="fill").click().run()
    assert not page.exception
    tiles = grid(page)["cells"]
    assert [tile["channel"] for tile in tiles if tile["missing"]] == []
    for channel in (0, 7):
        found = kept("digits", "block2", channel)
        assert found is not None
        assert tiles[channel]["number"] == ("dead" if found.is_dead else f"{found.activation:.2g}")
    assert kept("digits", "block2", 8) is None
    assert "fill" not in [each.key for each in page.button]
