"""The view Class image: the image with the highest logit of a class, made by ascent, beside the photo."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.drawing.render import png
from core.errors import CoreError
from core.explain.ascent import LOGITS, Ascended
from core.inside.channels.inspection import Inspection
from pages._ui import words
from pages._ui.inside import toolbar
from pages._ui.inside.state import ascents, choices, inspections
from pages._ui.inside.state.ascents import AscentTarget
from pages._ui.inside.state.inspections import Look
from pages._ui.inside.tiles import ascent
from pages._ui.inside.view import OpenView
from pages._ui.kit.options import segmented
from pages._ui.session.question import photos

# Robust first: plain ascent for a class gives an image that looks like noise.
_METHODS = {name: name for name in ("robust", "plain")}
_WIDTH = 640


def draw(look: Look, bar: DeltaGenerator) -> OpenView:
    """Draw the image of the class if it is made already, else a button, and the photo beside it."""
    choices.hide_channel()
    with bar:
        # The image does not depend on it; it stays in the address, for the overview and for Channels.
        layer = toolbar.pick_layer(look)
        inspection = inspections.inspect(look, layer, toolbar.pick_class(look, layer))
        method = segmented("Ascent", _METHODS, key=choices.CLASS_METHOD)
    class_name = look.class_names[inspection.class_idx]
    st.markdown(
        f"## Class image: {words.plain(class_name)}",
        help="Ascent starts from noise and changes it step by step to raise the logit of the class.",
        anchors=False,
    )
    st.caption("It shows what raises the logit, not what the class looks like.")
    target = AscentTarget(look.loaded, LOGITS, inspection.class_idx, method)
    with st.container(width=_WIDTH, key="class_image"):
        left, right = st.columns(2, gap="medium")
    with right:
        _draw_photo(look, inspection)
    slot, image = left.empty(), ascents.kept(target)
    if image is not None:
        _draw_image(target, class_name, slot, image)
    elif slot.button("Make the image", icon=":material/play_arrow:", key="class_image_start"):
        return OpenView(layer, fill=partial(_fill, target, class_name, slot))
    return OpenView(layer)


def _fill(target: AscentTarget, class_name: str, slot: DeltaGenerator) -> None:
    """Make the image; a click anywhere, on Stop too, ends the wait."""
    with slot.container(border=True):
        heartbeat = st.empty()
        st.button(
            "Stop", icon=":material/stop_circle:", key="class_image_stop",
            on_click=ascents.stop, args=(target,),
        )  # fmt: skip
    try:
        image = ascent.waited(target, heartbeat)
    except CoreError as error:
        slot.caption(words.sentence(error))
        return
    _draw_image(target, class_name, slot, image)


def _draw_image(target: AscentTarget, class_name: str, slot: DeltaGenerator, image: Ascended) -> None:
    with slot.container():
        if image.is_dead:
            st.info("Dead class: ascent could not raise its logit from any of three starts.")
            return
        st.image(image.picture, width="stretch", alt=f"Image made by ascent for the class {class_name}")
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.caption(f"Made by ascent: its logit is **{words.signed(image.activation)}**.", width="content")
            st.download_button(
                "Image", lambda: png(image.picture), f"classes.{target.method}.{target.channel}.png",
                "image/png", key="download_class", on_click="ignore", icon=":material/download:",
            )  # fmt: skip


def _draw_photo(look: Look, inspection: Inspection) -> None:
    photo, logit = look.photo, float(inspection.logits[inspection.class_idx])
    st.image(photos.drawn(photo).picture, width="stretch", alt=f"The photo {photo.name}")
    st.caption(f"{words.plain(photo.name)}: its logit is **{words.signed(logit)}**.")
