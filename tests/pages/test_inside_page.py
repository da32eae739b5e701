"""The Inside page without a browser: its numbers are those of core, and its address brings them back."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.explain.network.layers import stages
from core.explanation.asking import layers_of
from core.inside.channels import inspection
from core.inside.channels.inspection import sparsity_by_depth
from core.inside.examples import stored_examples
from core.inside.network_map import parameters_by_stage
from tests.support.looking_inside import (
    CAT,
    SPARSITY,
    ascent_card,
    cells,
    chosen,
    drawn,
    expected,
    facts,
    grid,
    headings,
    hint,
    kept,
    opened,
    sent,
    stage_sheets,
    title,
)


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


@pytest.mark.usefixtures("_no_ascent")
def test_the_map_alone_says_its_size_and_its_ends(imagenet: Checkpoint) -> None:
    page = opened(layer="bn2", channel="112")
    page.segmented_control(key="channel_view").set_value("alone").run()
    assert not page.exception
    top = expected(imagenet, "bn2").maps[112].max()
    assert page.image[0].captions == [f"Channel 112 of bn2: 7 × 7 cells, from 0 (dark) to {top:.2g} (bright)"]


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


@pytest.mark.usefixtures("_no_ascent")
def test_a_layer_of_many_channels_comes_in_pages() -> None:
    page = opened(layer="bn2", sort="index", part="20")
    assert cells(page) == list(range(1216, 1280))
    page.button(key="channel_Previous").click().run()
    assert cells(page) == list(range(1152, 1216))
    assert chosen(page) == [1215]


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


@pytest.mark.usefixtures("_no_ascent")
def test_the_overview_has_each_stage_with_its_shape_its_spacing_and_its_parameters(
    imagenet: Checkpoint,
) -> None:
    sheets, layers = stage_sheets(opened()), layers_of(imagenet)
    assert [sheet["id"] for sheet in sheets] == [stage.name for stage in stages(layers)]
    assert sheets[-1]["lines"][0] == "1,280 × 7 × 7"
    counts = parameters_by_stage(imagenet.model, layers)
    assert [sheet["facts"][0] for sheet in sheets] == [f"{count:,} parameters" for count in counts]
    assert [sheet["facts"][1] for sheet in sheets] == [f"stride {n} pixels" for n in (2, 4, 8, 16, 32)]


@pytest.mark.usefixtures("_no_ascent")
def test_the_overview_has_the_strongest_channels_of_each_stage(imagenet: Checkpoint) -> None:
    sheets = stage_sheets(opened(layer="bn2"))
    assert [sheet["label"] for sheet in sheets] == [stage.name for stage in stages(layers_of(imagenet))]
    for sheet in sheets:
        strongest = expected(imagenet, sheet["label"]).order("strength")[:8].tolist()
        assert [cell["channel"] for cell in sheet["cells"]] == strongest
    assert [sheet["selected"] for sheet in sheets] == [False] * 4 + [True]


@pytest.mark.usefixtures("_no_ascent")
def test_sparsity_is_drawn_by_depth_and_marks_the_layer(imagenet: Checkpoint) -> None:
    batch = imagenet.card.preprocess.batch([Image.open(CAT).convert("RGB")])
    found = sparsity_by_depth(imagenet, batch, layers_of(imagenet))
    points = sent(opened(layer="bn2", open="sparsity"), label=SPARSITY)["points"]
    assert [point["id"] for point in points] == [each.layer.name for each in found]
    shares = [each.share_of_zeros for each in found]
    assert [point["share"] for point in points] == pytest.approx(shares, abs=1e-3)
    assert points[-1]["meaning"] == f"bn2: {shares[-1]:.0%} zeros".replace("%", " %")
    assert [point["id"] for point in points if point["selected"]] == ["bn2"]


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


def test_the_ascent_image_of_the_open_channel_is_made_and_kept() -> None:
    page = opened(checkpoint="digits", layer="block2", channel="3")
    found = kept("digits", "block2", 3)
    assert found is not None
    assert f"Its mean activation is **{found.activation:.2g}**." in ascent_card(page)


def test_the_method_is_in_the_address_and_makes_another_image() -> None:
    page = opened(checkpoint="digits", layer="block2", channel="3", ascent="robust")
    found = kept("digits", "block2", 3, "robust")
    assert found is not None
    assert kept("digits", "block2", 3) is None
    assert f"Its mean activation is **{found.activation:.2g}**" in ascent_card(page)


def test_a_channel_that_no_start_raises_is_called_dead() -> None:
    page = opened(checkpoint="signs-plain", layer="block4", channel="0")
    found = kept("signs-plain", "block4", 0)
    assert found is not None
    assert found.is_dead
    assert "Dead channel: ascent could not raise it from any of three starts." in ascent_card(page)


@pytest.mark.slow
def test_tiles_show_the_ascent_images_that_exist_and_make_the_others_when_asked() -> None:
    page = opened(checkpoint="digits", layer="block2", channel="3", sort="index", show="ascent")
    tiles = grid(page)["cells"]
    assert [tile["channel"] for tile in tiles if not tile["missing"]] == [3]
    page.button(key="fill").click().run()
    assert not page.exception
    tiles = grid(page)["cells"]
    assert [tile["channel"] for tile in tiles if tile["missing"]] == []
    for channel in (0, 63):
        found = kept("digits", "block2", channel)
        assert found is not None
        assert tiles[channel]["number"] == ("dead" if found.is_dead else f"{found.activation:.2g}")
    assert kept("digits", "block2", 64) is None
    assert "fill" not in [each.key for each in page.button]


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


@pytest.mark.usefixtures("_no_ascent")
@pytest.mark.parametrize(
    ("address", "heading"),
    [("class image", "## Class image: tiger cat"), ("sparsity", "## Sparsity by depth")],
)
def test_each_view_has_an_address_and_draws_nothing_of_the_others(address: str, heading: str) -> None:
    page = opened(open=address, layer="bn2")
    assert [each for each in headings(page) if each.startswith("## ")] == [heading]
    labels = [json.loads(each.proto.json).get("title") for each in page.get("bidi_component")]
    assert [label for label in labels if label] == ["The network"]
    assert [sheet["label"] for sheet in stage_sheets(page) if sheet["selected"]] == ["bn2"]


@pytest.mark.usefixtures("_no_ascent")
def test_a_view_computes_only_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    for name in ("inspect", "column", "sparsity_by_depth"):
        monkeypatch.setattr(inspection, name, noted(getattr(inspection, name), name, seen))
    opened(checkpoint="digits", open="sparsity", photo="rocket.jpg")
    assert seen == ["sparsity_by_depth", "column"]
    opened(checkpoint="digits", photo="rocket.jpg")
    assert seen == ["sparsity_by_depth", "column", "inspect"]


def noted(compute: Callable[..., object], name: str, seen: list[str]) -> Callable[..., object]:
    """The same function, which also appends its name to ``seen``."""

    def computed(*args: object, **kwargs: object) -> object:
        seen.append(name)
        return compute(*args, **kwargs)

    return computed


@pytest.mark.usefixtures("_no_ascent")
def test_a_layer_in_the_overview_opens_its_channels_from_any_view() -> None:
    page = opened(open="sparsity", layer="bn2")
    choices_of = page.session_state
    assert page.segmented_control(key="open").value == "sparsity"
    page.segmented_control(key="open").set_value("channels").run()
    assert not page.exception
    assert grid(page)["label"] == choices_of["layer"] == "bn2"


@pytest.mark.usefixtures("_no_ascent")
def test_every_picture_has_a_text_for_those_who_cannot_see_it() -> None:
    page = opened(layer="bn2", channel="112")
    texts = [image.alt for each in page.image for image in each.proto.imgs]
    assert texts
    assert all(texts)
