"""The filters of a whole layer as tiles."""

import numpy as np
import streamlit as st

from core.inside.channels.layer_channels import Indices
from core.inside.filters import weight_tiles
from core.inside.filters.kernels import Filters
from pages._ui import words
from pages._ui.inside.channel_tiles import Tiles, brief
from pages._ui.inside.state import cards
from pages._ui.kit.components.sheets import tile_side
from pages._ui.session.models import Loaded


def of_weights(loaded: Loaded, layer: str, channels: Indices) -> Tiles | None:
    """The filter of each channel; None, said on the page, where channels have none of their own."""
    found = cards.filters_of(loaded, layer)
    if found is None:
        st.info(
            "No single filter makes a channel of this layer: channels are mixed or put together on the way "
            "to it. So its tiles show activations.",
            icon=":material/join_inner:",
        )
        return None
    norms, nothing = found.norms, np.zeros(len(channels), np.bool_)
    ranks = weight_tiles.ranks(found)
    pictures = weight_tiles.tiles(found, channels.tolist(), tile_side(len(norms)))
    numbers = [brief(norm) for norm in norms[channels].tolist()]
    meanings = [
        f"Channel {channel}: norm {brief(norms[channel])}, number {ranks[channel]:,} of {len(ranks):,}"
        for channel in channels.tolist()
    ]
    return Tiles(pictures, nothing, nothing, numbers, meanings, _hint(found))


def draw_poster(loaded: Loaded, layer: str, order: Indices) -> None:
    """Offer the filters of all channels as one file, where they have some."""
    found = cards.filters_of(loaded, layer)
    if found is not None:
        st.download_button(
            "Poster of weights", lambda: weight_tiles.poster(found, order.tolist()),
            f"weights.{layer}.poster.png", "image/png", key="download_weights", on_click="ignore",
            icon=":material/download:", help="The filters of this layer, in this order, as one picture (PNG)",
        )  # fmt: skip


def _hint(found: Filters) -> str:
    """How to read the tiles."""
    kernel = " × ".join(map(str, found.weights.shape[2:]))
    filters = f"{words.counted(len(found.weights), 'filter')} of {found.name}, {kernel}"
    return f"{filters}. {_reading(found)} Beside each index: its norm."


def _reading(found: Filters) -> str:
    if found.are_pictures:
        return "Grey is a weight of 0; one scale for all."
    num_kernels, end = found.weights.shape[1], brief(weight_tiles.scale_end(found))
    colours = f"Red adds, blue takes away, in full colour from {end} on."
    if found.weights.shape[2:] == (1, 1):
        return f"{_squares(num_kernels)} {colours}"
    if num_kernels <= weight_tiles.MOST:
        return f"{'Its kernel.' if num_kernels == 1 else 'All its kernels.'} {colours}"
    return f"The strongest {weight_tiles.MOST} of its {num_kernels:,} kernels. {colours}"


def _squares(num_kernels: int) -> str:
    if num_kernels <= weight_tiles.MOST_SINGLE:
        return f"A square for each of the {words.counted(num_kernels, 'channel')} that it reads."
    most = weight_tiles.MOST_SINGLE
    return f"A square for each of {most} channels: of the {num_kernels:,} that it reads, those weighed most."
