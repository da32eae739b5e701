"""Below a map: whether it can be believed, in a line, and the curves that say so behind a click."""

from functools import partial
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.explain.trust.verdict import BELIEVABLE, NOISE, WEAK
from core.explanation.answer import Explanation
from core.explanation.trust import ELSEWHERE, UNTESTABLE, Trust, lines
from pages._ui import words
from pages._ui.kit import figures
from pages._ui.kit.pickers import method_picker
from pages._ui.session.checkpoints import advice
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.question import tested_maps
from pages._ui.session.question.photos import Photo

_LOOKS: dict[str, tuple[Literal["green", "orange", "red"], str]] = {
    BELIEVABLE: ("green", "verified"),
    WEAK: ("orange", "help"),
    NOISE: ("red", "casino"),
}
_TEST = """
The brightest parts of the map are hidden in the photo, step by step, and then shown alone; the curves are the
probability of the class. A good map makes the first curve fall early and the second rise early. Hidden places
are blurred, or get the mean colour; curves are means of both. For comparison the same is done with random
places, with a blob in the centre, and with the edges of the photo.

The verdict holds for this network, this photo and these ways of hiding.
"""


def draw(photo: Photo, loaded: Loaded, answer: Explanation, layer: str, *, key: str) -> None:
    """Draw the verdict on the map at ``layer``; a map is tested once the whole page is drawn."""
    with st.container(key=f"trust_{key}"):
        if tested_maps.is_tested(photo, loaded, answer, layer):
            trusted = tested_maps.trust_of(photo, loaded, answer, layer)
            _draw_verdict(trusted, _advice(loaded, answer, layer), key)
        elif tested_maps.are_wanted():
            tested_maps.put_off(partial(_test, st.empty(), photo, loaded, answer, layer, key))
        else:
            st.button(
                "Can this map be believed? Test it",
                key=f"trust_test_{key}",
                icon=":material/experiment:",
                type="tertiary",
                on_click=partial(tested_maps.want, tests=True),
            )


def _test(
    slot: DeltaGenerator, photo: Photo, loaded: Loaded, answer: Explanation, layer: str, key: str
) -> None:
    def move(share: float) -> None:
        # A click anywhere ends this run at the next step, and with it the test.
        slot.caption(f":material/experiment: Testing this map… {words.percent(share)}")

    move(0)
    trusted = tested_maps.trust_of(photo, loaded, answer, layer, move)
    with slot.container():
        _draw_verdict(trusted, _advice(loaded, answer, layer), key)


def _advice(loaded: Loaded, answer: Explanation, layer: str) -> str:
    """Where to turn from a map like noise: to the pair that the tests of this network recommend, if any."""
    advised = advice.known(loaded.checkpoint.name).recommended
    if advised is None or (advised.method, advised.layer) == (answer.method, layer):
        return ELSEWHERE
    return f"Recommended for this network: {method_picker.pair(advised.method, advised.layer)}."


def _draw_verdict(trusted: Trust | None, advised: str, key: str) -> None:
    if trusted is None:
        st.caption(words.plain(UNTESTABLE))
        return
    colour, icon = _LOOKS[trusted.verdict.grade]
    badge = f":{colour}-badge[:material/{icon}: {trusted.verdict.grade.capitalize()}]"
    reason = f"{trusted.reason} {advised}" if trusted.verdict.grade == NOISE else trusted.reason
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"trust_line_{key}"):
        st.markdown(f"{badge} :small[{words.plain(reason)}]", width="stretch")
        with st.popover("Curves", icon=":material/show_chart:", key=f"trust_curves_{key}"):
            _draw_curves(trusted, key)


def _draw_curves(trusted: Trust, key: str) -> None:
    st.markdown(_TEST)
    for column, title, showing in zip(
        st.columns(2), ("Hidden, brightest first", "Shown, brightest first"), (False, True), strict=True
    ):
        with column:
            st.plotly_chart(
                figures.trust(lines(trusted, showing=showing), title),
                config=figures.CONFIG,
                key=f"trust_figure_{key}_{showing}",
            )
    st.toggle(
        "Test every map",
        value=tested_maps.are_wanted(),
        key=f"trust_wanted_{key}",
        on_change=partial(tested_maps.want, tests=not tested_maps.are_wanted()),
    )
