"""The view Channels: all channels of a layer as tiles, a page at a time, and the card of one beside them."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.explanation import export
from core.inside.channels.export import poster, table
from core.inside.channels.layer_channels import Indices, num_pages, page
from pages._ui.inside import toolbar
from pages._ui.inside.card import card, more_images
from pages._ui.inside.layer import ShownLayer
from pages._ui.inside.state import choices, inspections
from pages._ui.inside.state.ascents import AscentTarget
from pages._ui.inside.state.inspections import Look
from pages._ui.inside.tiles import ascent, examples, kinds, weights
from pages._ui.inside.tiles.kinds import Tiles
from pages._ui.inside.view import OpenView
from pages._ui.kit.components import sheets
from pages._ui.kit.components.sheets import Cell, Sheet

_FILES = {
    "Poster": "All channels of this layer in this order, as one image (PNG)",
    "Numbers": "Minimum, maximum, mean, zeros and contribution of each channel (CSV)",
    "Maps": "All activations, float32, channels × rows × columns (NPY)",
}


def draw(look: Look, bar: DeltaGenerator) -> OpenView:
    """Draw the layer's channels, and the card of the open one, or of the first on the page."""
    channel = choices.channel()
    with bar:
        layer = toolbar.pick_layer(look)
        class_idx, by = toolbar.pick_class(look, layer), toolbar.pick_order()
    with st.container(key="channels_view"):
        left, right = st.columns([9, 11], gap="medium")
    inspection = inspections.inspect(look, layer, class_idx)
    class_name, order = look.class_names[inspection.class_idx], inspection.order(by)
    with left, st.container(key="layer_view"):
        shown = ShownLayer(look, inspection, class_name, by, order, toolbar.pick_tiles())
        heartbeat = st.empty()
        chosen = _draw_grid(shown, channel)
    with right:
        slots = card.draw(shown, chosen)

    return OpenView(
        layer, chosen, partial(card.fill, slots, shown, chosen), partial(_go_on, shown, heartbeat)
    )


def _draw_grid(shown: ShownLayer, channel: int | None) -> int:
    """Draw a page of channels to click; gives the one to open."""
    box = st.container(key="channels_box")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="layer_foot"):
        on_page = page(shown.order, _pick_part(len(shown.order)))
        files = st.popover("Download", icon=":material/download:", key="layer_files")
    chosen = channel if channel is not None and channel < len(shown.order) else int(on_page[0])
    with box:
        if shown.show == kinds.ASCENT:
            # One element whose content is replaced, so that the old content does not stay below.
            with st.empty().container():
                ascent.draw_filling(_targets(shown, on_page))
        sheet, hint = _sheet(shown, on_page, chosen)
        sheets.draw(
            [sheet],
            key="channels",
            on_pick=lambda _layer, picked: choices.choose_channel(picked),
            shown_in=".st-key-channel_card",
            title=shown.title,
            hint=hint,
        )
    with files:
        _draw_downloads(shown, on_page)
    return chosen


def _go_on(shown: ShownLayer, heartbeat: DeltaGenerator) -> None:
    """Make the next ascent images of a page that is being filled."""
    if shown.show == kinds.ASCENT:
        ascent.fill(_targets(shown, page(shown.order, choices.part(len(shown.order)))), heartbeat)


def _draw_downloads(shown: ShownLayer, on_page: Indices) -> None:
    """Offer the whole layer as files; each is made when it is asked for."""
    inspection, stem = shown.inspection, f"activations.{shown.name}"
    files = (
        ("Poster", "png", "image/png", lambda: poster(inspection, shown.by)),
        ("Numbers", "csv", "text/csv", lambda: table(inspection)),
        ("Maps", "npy", "application/octet-stream", lambda: export.npy(inspection.maps)),
    )
    for label, ending, mime, content in files:
        st.download_button(
            label, content, f"{stem}.{ending}", mime, key=f"download_{label}", on_click="ignore",
            icon=":material/download:", help=_FILES[label],
        )  # fmt: skip
    if shown.show == kinds.ASCENT:
        ascent.draw_poster(_targets(shown, on_page), _targets(shown, shown.order))
    if shown.show == kinds.WEIGHTS:
        weights.draw_poster(shown.look.loaded, shown.name, shown.order)
    if shown.show == kinds.EXAMPLES:
        examples.draw_poster(shown.look.loaded, shown.name)


def _pick_part(num_channels: int) -> int:
    """Draw a picker of the page of channels where there are several; gives the page, from 0."""
    if num_pages(num_channels) > 1:
        st.pagination(
            num_pages(num_channels), key=choices.PART, bind="query-params", persist_state="session",
            max_visible_pages=5, width=255,
        )  # fmt: skip
    return choices.part(num_channels)


def _targets(shown: ShownLayer, on_page: Indices) -> list[AscentTarget]:
    return ascent.targets(shown.look.loaded, shown.name, on_page)


def _sheet(shown: ShownLayer, on_page: Indices, chosen: int) -> tuple[Sheet, str]:
    """The tiles of a page, and how to read them."""
    tiles, stats = _tiles(shown, on_page), shown.inspection.stats
    if tiles is None:
        cells = [
            Cell(channel, shown.sorted_number(channel), shown.meaning(channel), channel == chosen)
            for channel in on_page.tolist()
        ]
        values, silent = shown.inspection.normalised[on_page], stats.silent[on_page]
        return Sheet(shown.name, len(shown.order), cells, values, silent), shown.hint
    numbered = zip(on_page.tolist(), tiles.numbers, tiles.meanings, tiles.missing.tolist(), strict=True)
    cells = [
        Cell(channel, number, meaning, channel == chosen, missing)
        for channel, number, meaning, missing in numbered
    ]
    return Sheet(shown.name, len(shown.order), cells, tiles.pictures, tiles.dead), tiles.hint


def _tiles(shown: ShownLayer, on_page: Indices) -> Tiles | None:
    """What tiles show instead of activations; None where that is missing."""
    loaded, layer = shown.look.loaded, shown.name
    if shown.show == kinds.ASCENT:
        return ascent.of_ascent(_targets(shown, on_page))
    if shown.show == kinds.WEIGHTS:
        return weights.of_weights(loaded, layer, on_page)
    if shown.show == kinds.EXAMPLES:
        pictures = examples.of_examples(loaded, layer, on_page)
        if pictures is None:
            more_images.draw_offer(loaded, layer, key="grid")
        return pictures
    return None
