"""Below a map: whether it can be believed, in a line, and the curves that say so behind a click."""

import time
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
Where a map is right, the probability of the class falls early if its brightest places are hidden first, and
rises early if they are shown first. Hidden places are blurred or get the mean colour; curves are means of
both.

The verdict holds for this network, this photo and these ways of hiding.
"""
_EVERY = 0.5  # Seconds between two texts: the browser draws each one on the processors that do the test.


def draw(photo: Photo, loaded: Loaded, answer: Explanation, layer: str, *, key: str) -> None:
    """Draw the verdict on the map at ``layer``; a map is tested once the whole page is drawn."""
    with st.container(key=f"trust_{key}"):
        if tested_maps.is_tested(photo, loaded, answer, layer):
            _draw_verdict(photo, loaded, answer, layer, key)
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
    drawn = -_EVERY

    def move(share: float) -> None:
        nonlocal drawn
        tested_maps.give_way()
        if time.monotonic() - drawn >= _EVERY:
            drawn = time.monotonic()
            slot.caption(f":material/experiment: Testing this map… {words.percent(share)}")

    move(0)
    tested_maps.trust_of(photo, loaded, answer, layer, move)
    with slot.container():
        _draw_verdict(photo, loaded, answer, layer, key)


def _advice(loaded: Loaded, answer: Explanation, layer: str) -> str:
    """Where to turn from a map like noise: to the pair that the tests of this network recommend, if any."""
    advised = advice.known(loaded.scope).recommended
    if advised is None or (advised.method, advised.layer) == (answer.method, layer):
        return ELSEWHERE
    return f"Recommended for this network: {method_picker.pair(advised.method, advised.layer)}."


def _draw_verdict(photo: Photo, loaded: Loaded, answer: Explanation, layer: str, key: str) -> None:
    trusted = tested_maps.trust_of(photo, loaded, answer, layer)
    if trusted is None:
        st.caption(words.plain(UNTESTABLE))
        return
    colour, icon = _LOOKS[trusted.verdict.grade]
    badge = f":{colour}-badge[:material/{icon}: {trusted.verdict.grade.capitalize()}]"
    is_noise = trusted.verdict.grade == NOISE
    reason = f"{trusted.reason} {_advice(loaded, answer, layer)}" if is_noise else trusted.reason
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"trust_line_{key}"):
        st.markdown(f"{badge} :small[{words.plain(reason)}]", width="stretch")
        with st.popover("Curves", icon=":material/show_chart:", key=f"trust_curves_{key}"):
            st.markdown(_TEST)
            if average := _on_average(loaded, answer, layer, trusted.verdict.grade):
                st.markdown(words.plain(average))
            _draw_curves(trusted, key)


def _on_average(loaded: Loaded, answer: Explanation, layer: str, grade: str) -> str:
    """What the tests of this network say of the pair, if it is another grade than this photo's."""
    known = advice.known(loaded.scope)
    usual = known.believability.get((answer.method, layer), grade)
    if known.report is None or usual == grade:
        return ""
    pair, photos = (
        method_picker.pair(answer.method, layer),
        words.counted(known.report.photos.number, "photo"),
    )
    return f"On average over {photos}, {pair} is {usual} for this network; a single photo can differ."


def _draw_curves(trusted: Trust, key: str) -> None:
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
