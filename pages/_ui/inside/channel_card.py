"""One channel: large over the photo, in numbers, and as files."""

import html
from dataclasses import replace

import streamlit as st

from core.drawing import render
from core.drawing.channel_grid import grid, page_layout
from core.evaluation.selection import place_of
from core.explanation import export
from pages._ui import words
from pages._ui.inside import card_sections
from pages._ui.inside.card_sections import Sections
from pages._ui.inside.channel_tiles import brief
from pages._ui.inside.layer_channels import Shown
from pages._ui.inside.state import inside as memory
from pages._ui.kit.components import viewer
from pages._ui.kit.components.scales import Scale
from pages._ui.kit.components.viewer import Layered
from pages._ui.session import photos

_COLOURS, _ALONE = "viridis", "alone"
_VIEWS = {"overlay": "Overlay", "side": "Side by side", "wipe": "Wipe", _ALONE: "Map alone"}
_SIDE = 448  # Pixels of a map by itself.
# Beside a grid that is longer than the window, the card stays in view.
_STYLE = """<style>
@media (min-width: 1021px) {
  .st-key-layer_view [data-testid="stColumn"]:last-child { position: sticky; top: 4rem; align-self: start; }
}
</style>"""


def draw(shown: Shown, channel: int) -> Sections:
    """Draw the card of a channel; gives the sections that are to be filled when the page is there."""
    st.html(_STYLE)
    with st.container(key="channel_card"):
        _draw_head(shown, channel)
        view = st.segmented_control(
            "View", list(_VIEWS), default="overlay", required=True, format_func=_VIEWS.__getitem__,
            key="channel_view", label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        opacity = viewer.OPACITY
        if view == _ALONE:
            _draw_alone(shown, channel)
        else:
            opacity = _draw_overlay(shown, channel, str(view))
        if shown.found.stats.silent[channel]:
            st.info(
                "Silent: for this photo it has one value everywhere, so there is no picture of it. "
                "Another photo may wake it.",
                icon=":material/volume_off:",
            )
        _draw_facts(shown, channel)
        _draw_download(shown, channel, opacity)
        return card_sections.draw()


def _draw_head(shown: Shown, channel: int) -> None:
    place = place_of(shown.order, channel)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader(f"Channel {channel}", anchor=False, width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
            st.caption(f"{place.number:,} of {place.total:,} by {shown.by}" if place else "", width="content")
            _step(shown, "Previous", place.before if place else None, "chevron_left")
            _step(shown, "Next", place.after if place else None, "chevron_right")


def _step(shown: Shown, label: str, channel: int | None, icon: str) -> None:
    st.button(
        "", icon=f":material/{icon}:", key=f"channel_{label}", help=f"{label} channel in this order",
        disabled=channel is None, on_click=memory.walk_to, args=(shown.order, channel),
    )  # fmt: skip


def _draw_overlay(shown: Shown, channel: int, view: str) -> float:
    look, found = shown.look, shown.found
    drawn = photos.drawn(look.photo)
    height, width = drawn.picture.shape[:2]
    preprocess = look.loaded.checkpoint.card.preprocess
    values = preprocess.on_image(found.normalised[channel], drawn.size, (width, height))
    layered = Layered(
        drawn,
        render.heat_png(values, _COLOURS),
        found.maps[channel],
        preprocess.window(drawn.size).shares(drawn.size),
    )
    stats = found.stats
    scale = Scale(_COLOURS, brief(stats.minimum[channel]), brief(stats.maximum[channel]), "activation")
    alt = f"{look.photo.name}: channel {channel} of {found.layer}"
    return viewer.draw(layered, scale, view=view, alt=alt)


def _draw_alone(shown: Shown, channel: int) -> None:
    """The map cell by cell, as the network has it."""
    found, only = shown.found, [channel]
    rows, columns = found.maps.shape[1:]
    layout = replace(page_layout(1, (rows, columns), side=_SIDE), caption=0)
    picture = grid(found.normalised[only], found.stats.silent[only], layout)
    st.image(
        picture,
        caption=f"Channel {channel} of {found.layer}: {rows} × {columns} cells, from "
        f"{brief(found.stats.minimum[channel])}, dark, to {brief(found.stats.maximum[channel])}, bright",
        width="stretch",
    )


def _draw_facts(shown: Shown, channel: int) -> None:
    stats, found = shown.found.stats, shown.found
    unit = " logits" if found.bias is not None else ", which here only ranks channels"
    strongest = place_of(found.order("strength"), channel)
    facts = {
        "Mean": brief(stats.mean[channel]),
        "Minimum, maximum": f"{brief(stats.minimum[channel])}, {brief(stats.maximum[channel])}",
        "Zeros": f"{words.percent(float(stats.share_of_zeros[channel]))} of its values",
        "Strength": f"{brief(stats.strength[channel])}"
        + (f", number {strongest.number:,} of {strongest.total:,}" if strongest else ""),
        f"Speaks for {shown.class_name}": f"{shown.contribution(channel)}{unit}",
    }
    rows = "".join(
        f"<span>{html.escape(name)}</span><b>{html.escape(text)}</b>" for name, text in facts.items()
    )
    st.html(f'<div class="seewhy-facts">{rows}</div>')


def _draw_download(shown: Shown, channel: int, opacity: float) -> None:
    def content() -> bytes:
        image = photos.upright(shown.look.photo)
        preprocess = shown.look.loaded.checkpoint.card.preprocess
        values = preprocess.on_image(shown.found.normalised[channel], image.size)
        return export.overlay(image, values, _COLOURS, opacity)

    st.download_button(
        "Overlay", content, f"activations.{shown.found.layer}.{channel}.overlay.png", "image/png",
        key="download_channel", on_click="ignore", icon=":material/download:",
    )  # fmt: skip
