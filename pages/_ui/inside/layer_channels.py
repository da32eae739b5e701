"""One layer for one photo: its channels to look through, a page at a time, in a chosen order."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.explain.network.layers import stages
from core.explanation import export
from core.inside.channels.export import poster, table
from core.inside.channels.inspection import Inspection
from core.inside.channels.layer_channels import Indices, num_pages, page
from pages._ui import words
from pages._ui.inside import channel_tiles, example_patches, example_tiles, weight_sheet
from pages._ui.inside.channel_tiles import Tiles, brief
from pages._ui.inside.state import inside as memory
from pages._ui.inside.state.ascents import Place
from pages._ui.inside.state.inside import Look
from pages._ui.kit import options
from pages._ui.kit.components import sheets
from pages._ui.kit.components.sheets import Cell, Sheet

# Their own labels, because an address has the label.
_ORDERS = {name: name for name in ("strength", "class", "index")}
_FILES = {
    "Poster": "All channels of this layer in this order, as one picture (PNG)",
    "Numbers": "Minimum, maximum, mean, zeros and contribution of each channel (CSV)",
    "Maps": "All activations, float32, channels × rows × columns (NPY)",
}


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A layer for a photo: what it gives, the class its channels are asked about, and the order to look.

    ``show`` is what tiles show, as in pages._ui.inside_tiles.
    """

    look: Look
    found: Inspection
    class_name: str
    by: str
    order: Indices
    show: str

    @property
    def layer(self) -> str:
        """The layer's name."""
        return self.found.layer

    def contribution(self, channel: int) -> str:
        """How much a channel speaks for the class: logits where they add up, else a number that ranks."""
        value = float(self.found.contributions[channel])
        return words.signed(value) if self.found.bias is not None else signed_briefly(value)

    def meaning(self, channel: int) -> str:
        """A channel in numbers, as the pointer reads it."""
        stats = self.found.stats
        if stats.silent[channel]:
            return f"Channel {channel}: silent, {brief(stats.mean[channel])} everywhere"
        return (
            f"Channel {channel}: mean {brief(stats.mean[channel])}, maximum {brief(stats.maximum[channel])}, "
            f"{words.percent(float(stats.share_of_zeros[channel]))} zeros, "
            f"{self.contribution(channel)} for {self.class_name}"
        )


def pick_layer(look: Look) -> str:
    """Draw a picker of any layer, in the order in which they run; at first the first stage."""
    names = [layer.name for layer in look.loaded.layers]
    first = stages(look.loaded.layers)[0].name
    memory.keep_if_known(memory.LAYER, names, first)
    chosen: str = st.selectbox(
        "Layer",
        names,
        # The same in every run: it is what the browser's Back shows where the address says nothing.
        index=names.index(first),
        key=memory.LAYER,
        bind="query-params",
        persist_state="session",
        on_change=memory.start_again,
        help="Any layer, by its name in the network, in the order in which they run. Type to search.",
    )
    return chosen


def ask(look: Look) -> Shown:
    """Draw the pickers of layer, class and order; gives the layer as it is to be shown."""
    names, title = look.class_names, st.container()
    memory.keep_if_known(memory.CLASS, names, None)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="layer_controls"):
        layer = pick_layer(look)
        first = memory.inspect(look, layer)
        name = st.selectbox(
            "Class",
            names,
            index=None,
            placeholder=f"{names[first.class_idx]} (predicted)",
            key=memory.CLASS,
            bind="query-params",
            persist_state="session",
            on_change=memory.to_first_part,
            help="What channels speak for or against. Type to search; cleared, it follows the prediction.",
        )
    with st.container(horizontal=True, gap="small", key="layer_ways"):
        by = options.segmented("Sort by", _ORDERS, key=memory.ORDER, on_change=memory.to_first_part)
        show = channel_tiles.pick()
    with title:
        st.subheader(words.plain(_title(first)), anchor=False)
    found = first if name is None else memory.inspect(look, layer, names.index(name))
    return Shown(look, found, names[found.class_idx], by, found.order(by), show)


def draw_grid(shown: Shown, channel: int | None) -> int:
    """Draw a page of channels to click; gives the one to look at: ``channel``, or the first on the page."""
    found, board = shown.found, st.container()
    on_page = page(shown.order, _pick_part(len(shown.order)) - 1)
    chosen = channel if channel is not None and channel < len(found.maps) else int(on_page[0])
    with board:
        sheet, hint = _sheet(shown, on_page, chosen)
        sheets.draw(
            [sheet],
            key="channels",
            on_pick=lambda _layer, picked: memory.choose_channel(picked),
            shown_in=".st-key-channel_card",
            hint=hint,
        )
    if shown.show == channel_tiles.ASCENT:
        # One element whose content is exchanged: what it was before must not linger below.
        with st.empty().container():
            channel_tiles.draw_filling(_places(shown, on_page))
        channel_tiles.draw_poster(_places(shown, on_page), _places(shown, shown.order))
    if shown.show == channel_tiles.WEIGHTS:
        weight_sheet.draw_poster(shown.look.loaded, shown.layer, shown.order)
    if shown.show == channel_tiles.EXAMPLES:
        example_tiles.draw_poster(shown.look.loaded, shown.layer)
    return chosen


def fill_grid(shown: Shown) -> None:
    """Go on with the images of the page, if somebody waits for them; the last thing that a page does."""
    if shown.show == channel_tiles.ASCENT:
        part = int(st.session_state.get(memory.PART) or 1)
        channel_tiles.fill(_places(shown, page(shown.order, min(part, num_pages(len(shown.order))) - 1)))


def draw_downloads(shown: Shown) -> None:
    """Offer the whole layer as files; each is made when it is asked for."""
    found, stem = shown.found, f"activations.{shown.found.layer}"
    files = (
        ("Poster", "png", "image/png", lambda: poster(found, shown.by)),
        ("Numbers", "csv", "text/csv", lambda: table(found)),
        ("Maps", "npy", "application/octet-stream", lambda: export.npy(found.maps)),
    )
    with st.container(horizontal=True, gap="small", key="layer_downloads"):
        for label, ending, mime, content in files:
            st.download_button(
                label, content, f"{stem}.{ending}", mime, key=f"download_{label}", on_click="ignore",
                icon=":material/download:", help=_FILES[label],
            )  # fmt: skip


def _title(found: Inspection) -> str:
    """``bn2: 1,280 channels of 7 × 7``."""
    channels, rows, columns = found.maps.shape
    return f"{found.layer}: {words.counted(channels, 'channel')} of {rows} × {columns}"


def _pick_part(num_channels: int) -> int:
    """Draw a picker of the page of channels, from 1, where there are several."""
    parts = num_pages(num_channels)
    if parts == 1:
        return 1
    chosen = st.pagination(parts, key=memory.PART, bind="query-params", persist_state="session")
    return min(max(int(chosen or 1), 1), parts)


def _cells(shown: Shown, on_page: Indices, chosen: int) -> list[Cell]:
    return [
        Cell(channel, _number(shown, channel), shown.meaning(channel), channel == chosen)
        for channel in on_page.tolist()
    ]


def _places(shown: Shown, on_page: Indices) -> list[Place]:
    return channel_tiles.places(shown.look.loaded, shown.layer, on_page)


def _sheet(shown: Shown, on_page: Indices, chosen: int) -> tuple[Sheet, str]:
    """The tiles of a page, and how to read them."""
    found = shown.found
    tiles = _tiles(shown, on_page)
    if tiles is None:
        values, silent = found.normalised[on_page], found.stats.silent[on_page]
        cells = _cells(shown, on_page, chosen)
        return Sheet(found.layer, len(found.maps), cells, values, silent), _hint(shown)
    numbered = zip(on_page.tolist(), tiles.numbers, tiles.meanings, tiles.missing.tolist(), strict=True)
    cells = [
        Cell(channel, number, meaning, channel == chosen, missing)
        for channel, number, meaning, missing in numbered
    ]
    return Sheet(found.layer, len(found.maps), cells, tiles.pictures, tiles.dead), tiles.hint


def _tiles(shown: Shown, on_page: Indices) -> Tiles | None:
    """What tiles show instead of activations; None where that is not there."""
    loaded, layer = shown.look.loaded, shown.layer
    if shown.show == channel_tiles.ASCENT:
        return channel_tiles.of_ascent(_places(shown, on_page))
    if shown.show == channel_tiles.WEIGHTS:
        return weight_sheet.of_weights(loaded, layer, on_page)
    if shown.show == channel_tiles.EXAMPLES:
        tiles = example_tiles.of_examples(loaded, layer, on_page)
        if tiles is None:
            example_patches.draw_offer(loaded, layer, key="grid")
        return tiles
    return None


def _number(shown: Shown, channel: int) -> str:
    """What the order is by."""
    if shown.by == "class":
        return shown.contribution(channel)
    return brief(shown.found.stats.strength[channel]) if shown.by == "strength" else ""


def _sum(shown: Shown) -> str:
    """What contributions add up to."""
    if shown.found.bias is None:
        return "At this layer that only ranks them."
    logit = float(shown.found.logits[shown.found.class_idx])
    return f"With the bias, {words.signed(shown.found.bias)}, all sum to its logit, {words.signed(logit)}."


def _hint(shown: Shown) -> str:
    """How to read the grid, while nothing is pointed at."""
    beside = {
        "strength": "Beside each index: the mean size of its values.",
        "class": f"Beside each index: how much it speaks for {shown.class_name}. {_sum(shown)}",
        "index": "",
    }[shown.by]
    silent = np.count_nonzero(shown.found.stats.silent)
    grey = f"Grey: {silent:,} of {len(shown.order):,} are silent for this photo." if silent else ""
    scale = "Each channel from its lowest value, dark, to its highest, bright."
    return " ".join(filter(None, (scale, grey, beside)))


def signed_briefly(value: float) -> str:
    """The same with its sign."""
    return f"{value:+.2g}".replace("-", words.MINUS)
