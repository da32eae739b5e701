"""Tiles that show the images made by ascent, and making those that are missing."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.drawing.render import Pictures
from core.errors import CoreError
from core.explain.ascent import Ascended
from core.inside.ascents import export
from core.inside.channels.layer_channels import Indices
from pages._ui import words
from pages._ui.inside.numbers import brief
from pages._ui.inside.state import ascents, choices
from pages._ui.inside.state.ascents import AscentTarget
from pages._ui.inside.tiles.kinds import Tiles
from pages._ui.kit.options import segmented
from pages._ui.session.checkpoints.models import Loaded

# Their own labels, because an address has the label.
_METHODS = {name: name for name in ("plain", "robust")}
_EMPTY_SIDE = 96


def pick_method() -> str:
    """Draw the picker of the ascent method."""
    return segmented("Method", _METHODS, key=choices.METHOD, label_visibility="collapsed")


def targets(loaded: Loaded, layer: str, channels: Indices) -> list[AscentTarget]:
    """The channels, each with the ascent method."""
    method = choices.ascent_method(list(_METHODS))
    return [AscentTarget(loaded, layer, channel, method) for channel in channels.tolist()]


def of_ascent(on_page: list[AscentTarget]) -> Tiles:
    """The ascent images that exist."""
    images = [ascents.kept(target) for target in on_page]
    missing = np.array([each is None for each in images])
    dead = np.array([each is not None and each.is_dead for each in images])
    like = next((each.picture for each in images if each is not None), _blank())
    pictures = np.stack([np.zeros_like(like) if each is None else each.picture for each in images])
    hint = "Made by ascent: each image starts as noise and is changed until it excites the channel."
    if missing.any():
        hint += f" Dashed: {np.count_nonzero(missing)} on this page are not made yet."
    if dead.any():
        hint += f" Grey: {np.count_nonzero(dead)} are dead; ascent could not raise them."
    numbers = ["" if each is None else "dead" if each.is_dead else brief(each.activation) for each in images]
    meanings = [_meaning(*each) for each in zip(on_page, images, strict=True)]
    return Tiles(pictures, missing, dead, numbers, meanings, hint)


def draw_poster(on_page: list[AscentTarget], everywhere: list[AscentTarget]) -> None:
    """Offer all ascent images of the layer that exist as one file, if one on this page does."""

    def content() -> bytes:
        return export.poster([image for target in everywhere if (image := ascents.kept(target))])

    if any(ascents.kept(target) for target in on_page):
        first = on_page[0]
        st.download_button(
            "Poster of ascent", content, f"filters.{first.layer}.{first.method}.poster.png", "image/png",
            key="download_ascent", on_click="ignore", icon=":material/download:",
            help="All finished ascent images of this layer, in this order, as one image (PNG)",
        )  # fmt: skip


def draw_filling(on_page: list[AscentTarget]) -> None:
    """Draw a button that makes the ascent images of this page, or their progress."""
    if _is_filling(on_page):
        done = sum(ascents.kept(target) is not None for target in on_page)
        with st.container(horizontal=True, vertical_alignment="center", key="filling"):
            st.progress(words.share(done, len(on_page)), text=f"{done} of {len(on_page)} images made")
            st.button("Stop", icon=":material/stop_circle:", key="fill_stop", on_click=ascents.stop_filling)
    elif any(ascents.kept(target) is None for target in on_page):
        st.button(
            "Make this page's images",
            icon=":material/play_arrow:",
            key="fill",
            on_click=ascents.start_filling,
            args=(_scope(on_page),),
            help="Each image appears as soon as it is finished; you can look at channels meanwhile. Images "
            "are kept on disk, so a stopped page resumes where it left off.",
        )


def fill(on_page: list[AscentTarget], heartbeat: DeltaGenerator) -> None:
    """Make some of the missing images of a page that is being filled, then draw the page again."""
    if not _is_filling(on_page):
        return
    missing = [target for target in on_page if ascents.kept(target) is None]
    if not missing:
        ascents.stop_filling()
        st.rerun()
    try:
        for target in ascents.for_a_while(missing):
            waited(target, heartbeat)
    except CoreError:
        ascents.stop_filling()
        raise
    st.rerun()


def waited(target: AscentTarget, heartbeat: DeltaGenerator) -> Ascended:
    """The image of a channel, waiting until it is finished; any click ends the wait."""
    image = ascents.made(
        target, lambda share: heartbeat.progress(share, text=f"Ascent: {words.percent(share)}")
    )
    heartbeat.empty()
    return image


def _is_filling(on_page: list[AscentTarget]) -> bool:
    return ascents.is_filling(_scope(on_page))


def _scope(on_page: list[AscentTarget]) -> tuple[object, ...]:
    return tuple(target.key for target in on_page)


def _meaning(target: AscentTarget, image: Ascended | None) -> str:
    if image is None:
        return f"Channel {target.channel}: its image is not made yet"
    if image.is_dead:
        return f"Channel {target.channel}: dead, ascent could not raise it"
    return f"Channel {target.channel}: its image reaches {brief(image.activation)}"


def _blank() -> Pictures:
    return np.zeros((_EMPTY_SIDE, _EMPTY_SIDE, 3), np.uint8)
