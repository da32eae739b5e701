"""The filter that makes a channel."""

import streamlit as st

from pages._ui import words
from pages._ui.inside.layer import ShownLayer
from pages._ui.inside.numbers import brief
from pages._ui.inside.state import cards


def draw(shown: ShownLayer, channel: int) -> None:
    """Draw the filter that computes the channel, or say that no single filter does."""
    filters = cards.filters_of(shown.look.loaded, shown.name)
    if filters is None:
        st.caption("No single filter makes it: channels are mixed or concatenated before this layer.")
        return
    own = cards.filter_of(filters, channel)
    st.image(own.picture, alt=f"Weights of channel {channel} in {filters.name}")
    kernel = " × ".join(map(str, filters.weights.shape[2:]))
    st.caption(
        f"{words.plain(filters.name)}, {kernel}: norm **{brief(own.norm)}**, rank {own.rank:,} of "
        f"{len(filters.weights):,}. "
        + _reading(len(own.input_channels), in_colour=own.in_colour, total=filters.weights.shape[1])
        + ("" if filters.is_alone else " A shortcut adds to its output.")
    )


def _reading(num_shown: int, *, in_colour: bool, total: int) -> str:
    if in_colour:
        return "Grey is a weight of 0; one scale for all filters of the layer."
    kernels = f"The strongest {num_shown} of {total:,} kernels" if num_shown < total else "All its kernels"
    return f"{kernels}, each above the index of its input channel; red is positive, blue negative."
