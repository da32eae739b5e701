"""Tiles that show the filters of a layer's channels, and all of them as one file."""

import numpy as np
import streamlit as st

from core.inside.channels.layer_channels import Indices
from core.inside.filters import weight_tiles
from core.inside.filters.kernels import Filters
from pages._ui import words
from pages._ui.inside.numbers import brief
from pages._ui.inside.state import cards
from pages._ui.inside.tiles.kinds import Tiles
from pages._ui.kit.components.sheets import tile_side
from pages._ui.session.checkpoints.models import Loaded


def of_weights(loaded: Loaded, layer: str, channels: Indices) -> Tiles | None:
    """The filter of each channel; None, with a message on the page, where no single filter makes one."""
    filters = cards.filters_of(loaded, layer)
    if filters is None:
        st.info(
            "No single filter makes a channel of this layer: channels are mixed or concatenated before it. "
            "The tiles show activations instead.",
            icon=":material/join_inner:",
        )
        return None
    norms, nothing = filters.norms, np.zeros(len(channels), np.bool_)
    ranks = weight_tiles.ranks(filters)
    pictures = weight_tiles.tiles(filters, channels.tolist(), tile_side(len(norms)))
    numbers = [brief(norm) for norm in norms[channels].tolist()]
    meanings = [
        f"Channel {channel}: norm {brief(norms[channel])}, rank {ranks[channel]:,} of {len(ranks):,}"
        for channel in channels.tolist()
    ]
    return Tiles(pictures, nothing, nothing, numbers, meanings, _hint(filters))


def draw_poster(loaded: Loaded, layer: str, order: Indices) -> None:
    """Offer the filters of all channels as one file, where they have some."""
    filters = cards.filters_of(loaded, layer)
    if filters is not None:
        st.download_button(
            "Poster of weights", lambda: weight_tiles.poster(filters, order.tolist()),
            f"weights.{layer}.poster.png", "image/png", key="download_weights", on_click="ignore",
            icon=":material/download:", help="The filters of this layer, in this order, as one image (PNG)",
        )  # fmt: skip


def _hint(filters: Filters) -> str:
    """How to read the tiles."""
    kernel = " × ".join(map(str, filters.weights.shape[2:]))
    counted = f"{words.counted(len(filters.weights), 'filter')} of {filters.name}, {kernel}"
    return f"{counted}. {_reading(filters)} Beside each index: its norm."


def _reading(filters: Filters) -> str:
    if filters.are_pictures:
        return "Grey is a weight of 0; one scale for all."
    num_kernels, end = filters.weights.shape[1], brief(weight_tiles.scale_end(filters))
    colours = f"Red is positive, blue negative; full colour from {end}."
    if filters.weights.shape[2:] == (1, 1):
        return f"{_squares(num_kernels)} {colours}"
    if num_kernels <= weight_tiles.MOST:
        return f"{'Its kernel.' if num_kernels == 1 else 'All its kernels.'} {colours}"
    return f"The strongest {weight_tiles.MOST} of its {num_kernels:,} kernels. {colours}"


def _squares(num_kernels: int) -> str:
    if num_kernels <= weight_tiles.MOST_SINGLE:
        return f"One square for each of its {words.counted(num_kernels, 'input channel')}."
    return f"One square for each of its {weight_tiles.MOST_SINGLE} strongest weights, of {num_kernels:,}."
