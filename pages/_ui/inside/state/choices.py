"""What is chosen on Inside: the layer, its channels' order, the channel, the class, and what tiles show."""

from collections.abc import Sequence

import streamlit as st

from core.inside.channels.layer_channels import Indices, num_pages, page
from pages._ui.session.address import history

# Names in the address. Mistakes has a "page" of its own.
LAYER, ORDER, CLASS, PART, SHOW = "layer", "sort", "class", "part", "show"
# The views of the page; a link without one opens the first.
VIEW, VIEWS = "open", ("channels", "class image", "sparsity")
# The ascent methods: of channels, and of a class.
METHOD, CLASS_METHOD = "ascent", "class_ascent"
# A name in the address, too; it must not be the key of a widget.
CHANNEL = "channel"
_CHANNEL_NEXT, _CHANNEL_LAST = "channel_next", "channel_last"
# The checkpoint whose layers and classes the pickers hold.
_CHOSEN_OF = "inside_of"


def choices_are_of(checkpoint: str) -> None:
    """Go to the first channel where another checkpoint was shown before; before the pickers are drawn."""
    if st.session_state.get(_CHOSEN_OF) not in (None, checkpoint):
        start_again()
    st.session_state[_CHOSEN_OF] = checkpoint


def keep_if_known(key: str, options: Sequence[str], otherwise: str | None) -> None:
    """Reset a picker whose value came from another checkpoint and is not offered here."""
    if key in st.session_state and st.session_state[key] not in (None, *options):
        st.session_state[key] = otherwise


def choose_layer(name: str, channel: int | None = None) -> None:
    """Open this layer's channels at one of them, or at the first; before the pickers are drawn."""
    st.session_state[VIEW] = VIEWS[0]
    st.session_state[LAYER] = name
    start_again()
    choose_channel(channel)


def start_again() -> None:
    """Go to the first page of channels, and to the first channel; before the pickers are drawn."""
    to_first_part()
    choose_channel(None)


def to_first_part() -> None:
    """Go to the first page of channels; before the pickers are drawn."""
    st.session_state[PART] = 1


def part(num_channels: int) -> int:
    """The page of channels that is open, from 0; after its picker is drawn."""
    chosen = int(st.session_state.get(PART) or 1)
    return min(max(chosen, 1), num_pages(num_channels)) - 1


def choose_channel(channel: int | None) -> None:
    """Open this channel in the next run of the page; None is the first one that is shown."""
    st.session_state[_CHANNEL_NEXT] = channel


def walk_to(order: Indices, channel: int) -> None:
    """Open this channel, and the page of channels that it is on; before the pickers are drawn."""
    choose_channel(channel)
    parts = range(num_pages(len(order)))
    st.session_state[PART] = next(part + 1 for part in parts if channel in page(order, part))


def channel() -> int | None:
    """The open channel: the address's, else the session's last; call it once in a run.

    After the browser's Back or Forward it is the address's or none.
    """
    address = st.query_params.get(CHANNEL)
    if _CHANNEL_NEXT in st.session_state:
        wanted = st.session_state.pop(_CHANNEL_NEXT)
    elif address or history.was_walked():
        wanted = _number(address or "")
    else:
        wanted = st.session_state.get(_CHANNEL_LAST)
    st.session_state[_CHANNEL_LAST] = wanted
    if wanted is not None and str(wanted) != address:
        st.query_params[CHANNEL] = str(wanted)
    elif address and wanted is None:
        del st.query_params[CHANNEL]
    open_channel: int | None = wanted
    return open_channel


def hide_channel() -> None:
    """Name no channel in the address of a view that shows none; the session still remembers it."""
    st.query_params.pop(CHANNEL, None)


def ascent_method(methods: Sequence[str]) -> str:
    """The ascent method; known before its picker is drawn, from the session, else from the address."""
    chosen: str | None = st.session_state.get(METHOD) or st.query_params.get(METHOD)
    return chosen if chosen is not None and chosen in methods else methods[0]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None
