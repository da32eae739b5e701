"""Each view of Inside has an address, and computes only what it shows."""

import json
from collections.abc import Callable

import pytest
from PIL import Image

from core.checkpoints.store import Checkpoint
from core.explain.network.layers import stages
from core.explanation.asking import layers_of
from core.inside.channels import inspection
from core.inside.channels.inspection import sparsity_by_depth
from core.inside.network_map import parameters_by_stage
from tests.support.pages.looking_inside import (
    CAT,
    SPARSITY,
    expected,
    grid,
    headings,
    opened,
    sent,
    stage_sheets,
)


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_the_overview_has_the_strongest_channels_of_each_stage(imagenet: Checkpoint) -> None:
    sheets = stage_sheets(opened(layer="bn2"))
    assert [sheet["label"] for sheet in sheets] == [stage.name for stage in stages(layers_of(imagenet))]
    for sheet in sheets:
        strongest = expected(imagenet, sheet["label"]).order("strength")[:8].tolist()
        assert [cell["channel"] for cell in sheet["cells"]] == strongest
    assert [sheet["selected"] for sheet in sheets] == [False] * 4 + [True]


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_sparsity_is_drawn_by_depth_and_marks_the_layer(imagenet: Checkpoint) -> None:
    batch = imagenet.card.preprocess.batch([Image.open(CAT).convert("RGB")])
    found = sparsity_by_depth(imagenet, batch, layers_of(imagenet))
    points = sent(opened(layer="bn2", open="sparsity"), label=SPARSITY)["points"]
    assert [point["id"] for point in points] == [each.layer.name for each in found]
    shares = [each.share_of_zeros for each in found]
    assert [point["share"] for point in points] == pytest.approx(shares, abs=1e-3)
    assert points[-1]["meaning"] == f"bn2: {shares[-1]:.0%} zeros"
    assert [point["id"] for point in points if point["selected"]] == ["bn2"]


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
