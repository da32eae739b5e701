"""What the tiles of a layer show: its channels' activations, ascent images, real examples, or weights."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from core.drawing.render import Pictures
from core.errors import CoreError
from core.explain.ascent import Ascended
from core.inside.ascents import export
from core.inside.channels.layer_channels import Indices
from pages._ui import words
from pages._ui.inside.state import ascents, cards
from pages._ui.inside.state.ascents import Place
from pages._ui.kit.options import segmented
from pages._ui.session.models import Loaded

ACTIVATIONS, ASCENT, EXAMPLES, WEIGHTS = "activations", "ascent", "examples", "weights"
# Their own labels, because an address has the label.
_SHOWN = {name: name for name in (ACTIVATIONS, ASCENT, EXAMPLES, WEIGHTS)}
_METHODS = {name: name for name in ("plain", "robust")}
_EMPTY_SIDE = 96


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Pictures (k, H, W, 3) of channels, which of them are missing (k,) or dead (k,), and words about them.

    ``numbers`` stand beside the indices, and the pointer reads ``meanings``; ``hint`` is about all.
    """

    pictures: Pictures
    missing: NDArray[np.bool_]
    dead: NDArray[np.bool_]
    numbers: list[str]
    meanings: list[str]
    hint: str


def pick() -> str:
    """Draw a picker of what tiles show."""
    return segmented("Show", _SHOWN, key=cards.SHOW)


def pick_method() -> str:
    """Draw a picker of how images are made by ascent."""
    return segmented("Method", _METHODS, key=ascents.METHOD, label_visibility="collapsed")


def method() -> str:
    """How images are made by ascent, before its picker is drawn."""
    chosen = st.session_state.get(ascents.METHOD) or st.query_params.get(ascents.METHOD)
    return chosen if chosen in _METHODS else next(iter(_METHODS))


def places(loaded: Loaded, layer: str, channels: Indices) -> list[Place]:
    """The channels as they are ascended."""
    return [Place(loaded, layer, channel, method()) for channel in channels.tolist()]


def of_ascent(on_page: list[Place]) -> Tiles:
    """The ascent images that exist."""
    found = [ascents.kept(place) for place in on_page]
    missing = np.array([each is None for each in found])
    dead = np.array([each is not None and each.is_dead for each in found])
    like = next((each.picture for each in found if each is not None), _blank())
    pictures = np.stack([np.zeros_like(like) if each is None else each.picture for each in found])
    hint = "Made by ascent: images that start as noise and come to excite the channel."
    if missing.any():
        hint += f" Dashed: {np.count_nonzero(missing)} on this page are not made yet."
    if dead.any():
        hint += f" Grey: {np.count_nonzero(dead)} are dead, no start raised them."
    numbers = ["" if each is None else "dead" if each.is_dead else brief(each.activation) for each in found]
    meanings = [_ascent_meaning(*each) for each in zip(on_page, found, strict=True)]
    return Tiles(pictures, missing, dead, numbers, meanings, hint)


def draw_poster(on_page: list[Place], everywhere: list[Place]) -> None:
    """Offer all ascent images of the layer that exist as one file, if one on this page does."""

    def content() -> bytes:
        return export.poster([image for place in everywhere if (image := ascents.kept(place))])

    if any(ascents.kept(place) for place in on_page):
        st.download_button(
            "Poster of ascent", content, f"filters.{on_page[0].layer}.{method()}.poster.png", "image/png",
            key="download_ascent", on_click="ignore", icon=":material/download:",
            help="All ascent images of this layer that are made, in this order, as one picture (PNG)",
        )  # fmt: skip


def draw_filling(on_page: list[Place]) -> None:
    """Draw a button that makes the ascent images of this page, or how far that is."""
    if _is_filling(on_page):
        done = sum(ascents.kept(place) is not None for place in on_page)
        with st.container(horizontal=True, vertical_alignment="center", key="filling"):
            st.progress(words.share(done, len(on_page)), text=f"{done} of {len(on_page)} images made")
            st.button("Stop", icon=":material/stop_circle:", key="fill_stop", on_click=ascents.stop_filling)
    elif any(ascents.kept(place) is None for place in on_page):
        st.button(
            "Compute this page",
            icon=":material/play_arrow:",
            key="fill",
            on_click=ascents.start_filling,
            args=(_scope(on_page),),
            help="Images appear as they are made; look at channels meanwhile. They are kept on disk: "
            "stopped, it goes on from there.",
        )


def fill(on_page: list[Place]) -> None:
    """Make some of the images that somebody waits for, and draw the page again with them."""
    if not _is_filling(on_page):
        return
    left = [place for place in on_page if ascents.kept(place) is None]
    if not left:
        ascents.stop_filling()
        st.rerun()
    heartbeat = st.empty()
    try:
        for place in ascents.for_a_while(left):
            waited(place, heartbeat)
    except CoreError:
        ascents.stop_filling()
        raise
    st.rerun()


def waited(place: Place, heartbeat: DeltaGenerator) -> Ascended:
    """The image of a channel, after as long as it takes; a click anywhere ends the wait."""
    found = ascents.made(
        place, lambda share: heartbeat.progress(share, text=f"Climbing: {words.percent(share)}")
    )
    heartbeat.empty()
    return found


def brief(value: float) -> str:
    """A number with two digits that count, or all before the point: ``0.031``, ``−3.4``, ``1,234``."""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"
    return text.replace("-", words.MINUS)


def _is_filling(on_page: list[Place]) -> bool:
    return ascents.is_filling(_scope(on_page))


def _scope(on_page: list[Place]) -> tuple[object, ...]:
    return tuple(place.key for place in on_page)


def _ascent_meaning(place: Place, found: Ascended | None) -> str:
    if found is None:
        return f"Channel {place.channel}: its image is not made yet"
    if found.is_dead:
        return f"Channel {place.channel}: dead, no image raises it"
    return f"Channel {place.channel}: its image reaches {brief(found.activation)}"


def _blank() -> Pictures:
    return np.zeros((_EMPTY_SIDE, _EMPTY_SIDE, 3), np.uint8)
