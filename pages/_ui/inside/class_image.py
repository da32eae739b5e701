"""The image that speaks most for a class, made by ascent, beside the photo at hand."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.drawing.render import png
from core.errors import CoreError
from core.explain.ascent import LOGITS, Ascended
from pages._ui import words
from pages._ui.inside import channel_tiles
from pages._ui.inside.layer_channels import Shown
from pages._ui.inside.state import ascents
from pages._ui.inside.state.ascents import Place
from pages._ui.kit import options
from pages._ui.session import photos

# Robust first: of classes, plain ascent makes images that people see only noise in.
_METHODS = {name: name for name in ("robust", "plain")}
_WIDTH = 680


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """The image of a class, its place on the page, and whether somebody has just asked to make it."""

    place: Place
    slot: DeltaGenerator
    is_asked_for: bool


def draw(shown: Shown) -> Wanted:
    """Draw the image of the class if it is made already, else a button, and the photo beside it."""
    st.markdown(
        f"##### What speaks most for {words.plain(shown.class_name)}",
        help="The class that is chosen beside the layer, or the predicted one.",
    )
    st.caption(
        "Noise, changed step by step to raise the class's logit as far as it can. "
        "Such an image shows what raises the logit, not what the class looks like."
    )
    with st.container(width=_WIDTH, key="class_image"):
        method = options.segmented("Method", _METHODS, key=ascents.CLASS_METHOD, label_visibility="collapsed")
        place = Place(shown.look.loaded, LOGITS, shown.found.class_idx, method)
        left, right = st.columns(2, gap="medium")
        with right:
            _draw_photo(shown)
        slot, found = left.empty(), ascents.kept(place)
        if found is not None:
            _draw_found(place, slot, found)
            return Wanted(place, slot, is_asked_for=False)
        is_asked_for = slot.button("Make the image", icon=":material/play_arrow:", key="class_image_start")
    return Wanted(place, slot, is_asked_for)


def fill(wanted: Wanted) -> None:
    """Make the image if somebody has asked for it; a click anywhere, on Stop too, ends the wait."""
    if not wanted.is_asked_for:
        return
    with wanted.slot.container(border=True):
        heartbeat = st.empty()
        st.button(
            "Stop", icon=":material/stop_circle:", key="class_image_stop",
            on_click=ascents.stop, args=(wanted.place,),
        )  # fmt: skip
    try:
        found = channel_tiles.waited(wanted.place, heartbeat)
    except CoreError as error:
        wanted.slot.caption(words.sentence(error))
        return
    _draw_found(wanted.place, wanted.slot, found)


def _draw_found(place: Place, slot: DeltaGenerator, found: Ascended) -> None:
    with slot.container():
        if found.is_dead:
            st.info("Dead: from no start did any step raise it, so there is no such image.")
            return
        st.image(found.picture, width="stretch")
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.caption(f"Made by ascent: its logit is **{words.signed(found.activation)}**.", width="content")
            st.download_button(
                "Image", lambda: png(found.picture), f"classes.{place.method}.{place.channel}.png",
                "image/png", key="download_class", on_click="ignore", icon=":material/download:",
            )  # fmt: skip


def _draw_photo(shown: Shown) -> None:
    photo, logit = shown.look.photo, float(shown.found.logits[shown.found.class_idx])
    st.image(photos.drawn(photo).picture, width="stretch")
    st.caption(f"{words.plain(photo.name)}: its logit is **{words.signed(logit)}**.")
