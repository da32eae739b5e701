"""The image that ascent makes for a channel."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import CoreError
from core.explain.ascent import Ascended
from pages._ui import words
from pages._ui.inside.layer import ShownLayer
from pages._ui.inside.numbers import brief
from pages._ui.inside.state import ascents, examples
from pages._ui.inside.state.ascents import AscentTarget
from pages._ui.inside.tiles import ascent, kinds


def draw(shown: ShownLayer, channel: int) -> None:
    """Draw a channel's ascent image, made now unless it is cached, and the picker of its method."""
    image = st.container()
    target = AscentTarget(shown.look.loaded, shown.name, channel, ascent.pick_method())
    is_new = ascents.kept(target) is None
    with image:
        _draw(target)
    if is_new and ascents.kept(target) and shown.show == kinds.ASCENT:
        st.rerun()  # For its tile.


def _draw(target: AscentTarget) -> None:
    slot, image = st.empty(), ascents.kept(target)
    if image is None and ascents.is_stopped(target):
        slot.button(
            "Make the image", icon=":material/play_arrow:", key="ascent_start", on_click=ascents.start
        )
        return
    try:
        image = image or _made(target, slot)
    except CoreError as error:
        slot.caption(words.sentence(error))
        return
    with slot.container():
        _draw_image(target, image)


def _made(target: AscentTarget, slot: DeltaGenerator) -> Ascended:
    """The image; until it is finished, a progress bar. Any click, also on Stop, ends the wait."""
    with slot.container(border=True):
        heartbeat = st.empty()
        st.button(
            "Stop", icon=":material/stop_circle:", key="ascent_stop", on_click=ascents.stop, args=(target,)
        )
    return ascent.waited(target, heartbeat)


def _draw_image(target: AscentTarget, image: Ascended) -> None:
    if image.is_dead:
        st.info("Dead channel: ascent could not raise it from any of three starts.", icon=":material/block:")
        return
    with st.container(key="ascent_image"):
        alt = f"Image made by ascent for channel {target.channel} of {target.layer}"
        st.image(image.picture, width="stretch", alt=alt)
    st.caption(f"Its mean activation is **{brief(image.activation)}**. {_real(target)}")


def _real(target: AscentTarget) -> str:
    real = examples.reached(target.loaded, target.layer, target.channel)
    if real is None:
        return "No real image excites the channel."
    mean, cell = brief(real.mean), brief(real.cell)
    return f"Among the real images, the highest mean is **{mean}** and the highest cell {cell}."
