"""Inside shows the numbers that core computes: a channel on a photo, its map, and the sheets of channels."""

import numpy as np
import pytest

from core.checkpoints.store import Checkpoint
from tests.support.pages.looking_inside import (
    CAT,
    cells,
    chosen,
    expected,
    facts,
    grid,
    headings,
    hint,
    opened,
    sent,
    title,
)


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_a_first_visit_shows_the_first_stage_of_a_sample_and_says_what_to_do(imagenet: Checkpoint) -> None:
    page = opened()
    found = expected(imagenet, "blocks.0")
    assert "This is an example. Drop your own photo above" in " ".join(each.value for each in page.caption)
    assert title(page) == "blocks.0: 16 channels of 112 × 112"
    assert cells(page) == found.order("strength").tolist()
    assert chosen(page) == cells(page)[:1]


@pytest.mark.usefixtures("_no_ascent")
def test_a_channel_is_described_by_its_numbers(imagenet: Checkpoint) -> None:
    page = opened(layer="blocks.2", channel="7")
    values = expected(imagenet, "blocks.2").maps[7].astype(np.float64)
    assert "### Channel 7" in headings(page)
    assert chosen(page) == [7]
    assert f"<b>{values.mean():.2g}</b>".replace("-", "−") in facts(page)
    assert f"<b>{values.min():.2g}, {values.max():.2g}</b>".replace("-", "−") in facts(page)
    mean_size = np.abs(values).mean()
    rank = expected(imagenet, "blocks.2").order("strength").tolist().index(7) + 1
    assert f"<b>{mean_size:.2g}, rank {rank} of 40</b>" in facts(page)


@pytest.mark.usefixtures("_no_ascent")
def test_the_overlay_reads_the_channels_own_cells_where_the_preprocess_puts_them(
    imagenet: Checkpoint,
) -> None:
    """451 x 300: the shorter side to 256 gives 384 x 256, of which the middle 224 x 224 is seen."""
    page = opened(layer="blocks.2", channel="7")
    viewer = sent(page, shape=[28, 28])
    np.testing.assert_allclose(viewer["cells"], expected(imagenet, "blocks.2").maps[7].ravel(), rtol=1e-3)
    assert viewer["window"] == pytest.approx([80 / 384, 16 / 256, 304 / 384, 240 / 256], abs=1e-6)


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_the_map_alone_says_its_size_and_its_ends(imagenet: Checkpoint) -> None:
    page = opened(layer="bn2", channel="112")
    page.segmented_control(key="channel_view").set_value("alone").run()
    assert not page.exception
    top = expected(imagenet, "bn2").maps[112].max()
    assert page.image[0].captions == [f"Channel 112 of bn2: 7 × 7 cells, from 0 (dark) to {top:.2g} (bright)"]


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_channels_of_the_last_stage_sum_with_the_bias_to_the_logit_of_the_class(imagenet: Checkpoint) -> None:
    names = imagenet.card.class_names
    found = expected(imagenet, "bn2", names.index("goldfish"))
    page = opened(layer="bn2", sort="class", **{"class": "goldfish"})
    assert cells(page) == found.order("class")[:64].tolist()
    first = found.contributions.max()
    assert grid(page)["cells"][0]["number"] == f"+{first:.2f}"
    total = found.contributions.sum() + found.bias
    assert f"all contributions sum to the logit, {total:+.2f}.".replace("-", "−") in hint(page)
    assert f"+{first:.2f} for goldfish" in grid(page)["cells"][0]["meaning"]


@pytest.mark.usefixtures("_no_ascent")
def test_elsewhere_contributions_only_rank_and_the_page_says_so() -> None:
    page = opened(layer="blocks.2", sort="class")
    assert "At this layer it only ranks channels." in hint(page)
    assert "here it only ranks channels" in facts(page)


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_a_layer_of_many_channels_comes_in_pages() -> None:
    page = opened(layer="bn2", sort="index", part="20")
    assert cells(page) == list(range(1216, 1280))
    page.button(key="channel_Previous").click().run()
    assert cells(page) == list(range(1152, 1216))
    assert chosen(page) == [1215]


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_an_order_begins_at_its_first_page_and_keeps_the_channel(imagenet: Checkpoint) -> None:
    page = opened(layer="bn2", sort="index", part="20", channel="1279")
    page.selectbox(key="sort").select("strength").run()
    assert cells(page) == expected(imagenet, "bn2").order("strength")[:64].tolist()
    assert "### Channel 1279" in headings(page)


@pytest.mark.usefixtures("_no_ascent")
def test_a_silent_channel_is_drawn_and_called_silent(imagenet: Checkpoint) -> None:
    found = expected(imagenet, "bn2")
    silent = int(np.flatnonzero(found.stats.silent)[0])
    page = opened(layer="bn2", sort="index", channel=str(silent))
    assert "Silent: the channel has the same value everywhere in this photo" in page.info[0].value
    assert f"Grey: {found.stats.silent.sum()} of 1,280 are silent" in hint(page)
    assert grid(page)["cells"][silent]["meaning"] == f"Channel {silent}: silent, 0 everywhere"


@pytest.mark.usefixtures("_no_ascent")
@pytest.mark.parametrize("channel", ["16", "-1", "seven", "²", "9" * 40, ""])
def test_a_channel_that_is_not_there_gives_the_first(channel: str) -> None:
    page = opened(layer="blocks.0", channel=channel)
    assert chosen(page) == cells(page)[:1]


@pytest.mark.usefixtures("_no_ascent")
def test_a_layer_that_is_not_there_gives_the_first_stage() -> None:
    assert grid(opened(layer="conv9"))["label"] == "blocks.0"


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_another_photo_is_looked_at_by_the_same_layer() -> None:
    page = opened(layer="bn2")
    before = grid(page)["picture"]
    page.file_uploader(key="uploads").upload("coffee.png", (CAT.parent / "coffee.png").read_bytes())
    page.run()
    assert not page.exception
    assert grid(page)["label"] == "bn2"
    assert grid(page)["picture"] != before
    assert "This is an example" not in " ".join(each.value for each in page.caption)


@pytest.mark.usefixtures("_no_ascent")
def test_a_checkpoint_with_data_of_its_own_begins_with_one_of_its_images() -> None:
    page = opened(checkpoint="digits")
    own = sent(page, label="Images from its data set")["items"]
    assert [item["caption"] for item in own] == list("01234567")
    assert [item["caption"] for item in own if item["selected"]] == ["0"]
    assert grid(page)["label"] == "block1"


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_what_another_checkpoint_does_not_have_is_forgotten() -> None:
    page = opened(layer="blocks.2", channel="30", **{"class": "goldfish"})
    page.selectbox(key="checkpoint").select("digits").run()
    assert not page.exception
    assert page.selectbox(key="layer").value == "block1"
    assert page.selectbox(key="class").value is None
    assert chosen(page) == cells(page)[:1]


@pytest.mark.usefixtures("_no_ascent")
@pytest.mark.parametrize(
    ("name", "first"), [("signs-plain", "block1.relu"), ("pets-cat-dog-scratch", "relu")]
)
@pytest.mark.slow
def test_networks_of_other_families_can_be_looked_into(name: str, first: str) -> None:
    page = opened(checkpoint=name)
    assert grid(page)["label"] == first
    assert len(cells(page)) == 64
