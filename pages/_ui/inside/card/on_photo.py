"""A channel's map on the photo, its numbers, and the overlay as a file."""

from dataclasses import replace

import streamlit as st

from core.drawing import render
from core.drawing.channel_grid import grid, page_layout
from core.evaluation.selection import place_of
from core.explanation import export
from pages._ui import words
from pages._ui.inside.layer import ShownLayer
from pages._ui.inside.numbers import brief
from pages._ui.inside.state import cards
from pages._ui.kit.components import viewer
from pages._ui.kit.components.scales import Scale
from pages._ui.kit.components.viewer import Layered
from pages._ui.session.question import photos

_COLOURS, _ALONE = "viridis", "alone"
_VIEWS = {"overlay": "Overlay", "side": "Side", "wipe": "Wipe", _ALONE: "Map"}
_SIDE = 448  # Pixels of a map by itself.


def draw(shown: ShownLayer, channel: int) -> None:
    """Draw the map over the photo or alone, and the channel's statistics."""
    view = st.segmented_control(
        "Layout", list(_VIEWS), default="overlay", required=True, format_func=_VIEWS.__getitem__,
        key="channel_view", label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    opacity = viewer.OPACITY
    if view == _ALONE:
        _draw_alone(shown, channel)
    else:
        opacity = _draw_overlay(shown, channel, str(view))
    if shown.inspection.stats.silent[channel]:
        st.info(
            "Silent: the channel has the same value everywhere in this photo, so there is no map to draw. "
            "Try another photo.",
            icon=":material/volume_off:",
        )
    _draw_facts(shown, channel)
    _draw_download(shown, channel, opacity)


def draw_field(shown: ShownLayer) -> None:
    """Draw the receptive field of one cell."""
    height, width = cards.field_size(shown.look.loaded, shown.name)
    rows, columns = shown.look.loaded.checkpoint.card.preprocess.input_size
    st.caption(
        f"Receptive field of a cell: {height} × {width} of the {rows} × {columns} pixels.",
        help="Pixels outside it cannot change the cell.",
    )


def _draw_overlay(shown: ShownLayer, channel: int, view: str) -> float:
    look, inspection = shown.look, shown.inspection
    drawn = photos.drawn(look.photo)
    height, width = drawn.picture.shape[:2]
    preprocess = look.loaded.checkpoint.card.preprocess
    values = preprocess.on_image(inspection.normalised[channel], drawn.size, (width, height))
    layered = Layered(
        drawn,
        render.heat_png(values, _COLOURS),
        inspection.maps[channel],
        preprocess.window(drawn.size).shares(drawn.size),
    )
    stats = inspection.stats
    scale = Scale(_COLOURS, brief(stats.minimum[channel]), brief(stats.maximum[channel]), "activation")
    alt = f"{look.photo.name}: channel {channel} of {shown.name}"
    return viewer.draw(layered, scale, view=view, alt=alt)


def _draw_alone(shown: ShownLayer, channel: int) -> None:
    """The map at its own resolution, one square per cell."""
    inspection, only = shown.inspection, [channel]
    rows, columns = inspection.maps.shape[1:]
    layout = replace(page_layout(1, (rows, columns), side=_SIDE), caption=0)
    low, high = inspection.stats.minimum[channel], inspection.stats.maximum[channel]
    st.image(
        grid(inspection.normalised[only], inspection.stats.silent[only], layout),
        caption=f"Channel {channel} of {shown.name}: {rows} × {columns} cells, from {brief(low)} (dark) "
        f"to {brief(high)} (bright)",
        width="stretch",
        alt=f"Map of channel {channel} of {shown.name}",
    )


def _draw_facts(shown: ShownLayer, channel: int) -> None:
    stats, inspection = shown.inspection.stats, shown.inspection
    unit = " logits" if inspection.bias is not None else "; here it only ranks channels"
    strongest = place_of(inspection.order("strength"), channel)
    facts = {
        "Mean": brief(stats.mean[channel]),
        "Minimum, maximum": f"{brief(stats.minimum[channel])}, {brief(stats.maximum[channel])}",
        "Zeros": f"{words.percent(float(stats.share_of_zeros[channel]))} of its values",
        "Strength": f"{brief(stats.strength[channel])}"
        + (f", rank {strongest.number:,} of {strongest.total:,}" if strongest else ""),
        f"Contribution to {shown.class_name}": f"{shown.contribution(channel)}{unit}",
    }
    st.html(words.facts(facts))


def _draw_download(shown: ShownLayer, channel: int, opacity: float) -> None:
    def content() -> bytes:
        image = photos.upright(shown.look.photo)
        preprocess = shown.look.loaded.checkpoint.card.preprocess
        values = preprocess.on_image(shown.inspection.normalised[channel], image.size)
        return export.overlay(image, values, _COLOURS, opacity)

    st.download_button(
        "Overlay", content, f"activations.{shown.name}.{channel}.overlay.png", "image/png",
        key="download_channel", on_click="ignore", icon=":material/download:",
        help="The photo with this map over it (PNG)",
    )  # fmt: skip
