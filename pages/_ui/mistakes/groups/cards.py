"""Groups of mistakes as cards; beside them the samples of the chosen one, with its average map and a fix."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import streamlit as st

from core.evaluation.groups.group_test import GroupScore
from core.evaluation.selection import SampleFilter, page_of, rows_of, sample_at
from core.mistakes.reports import GROUPS
from core.mistakes.results import Results
from core.predictions.groups import KeptGroup, KeptGroups, maps_in_words
from pages._ui import words
from pages._ui.kit.components import tiles
from pages._ui.kit.samples import gallery
from pages._ui.kit.samples.gallery import Selection
from pages._ui.mistakes import average, exports, fixing, making, objects, sample_view
from pages._ui.mistakes.groups import kept_tests
from pages._ui.mistakes.state import group_tests
from pages._ui.mistakes.state import groups as state
from pages._ui.session.data.image_access import Pictures
from pages._ui.session.evaluation import choices

_TYPICAL, _SIDE = 6, 76


def draw(results: Results, pictures: Pictures, opened: str | None) -> None:
    """Draw groups and tests, or a button that finds groups; beside them the samples of the chosen one."""
    kept = state.groups_of(results.evaluation)
    scores = group_tests.scores_of(results)
    chosen = state.chosen(kept.groups if kept else (), scores)
    if chosen is None:
        _draw_search(results, kept)
        objects.draw(results, pictures)
        return
    selection = _selection(results, chosen.name, chosen.sample_ids)
    with st.container(key="mistakes"):
        left, right = st.columns([11, 9], gap="large")
    with right:
        above = st.container(key="above_gallery")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="gallery_tools"):
            exports.draw(results, selection, pictures)
        gallery.draw(results, selection, pictures, opened)
    with left:
        if opened:
            sample_view.draw(results, selection, pictures, opened, above)
        else:
            _draw_overview(results, pictures, kept, scores, selection)


def _draw_search(results: Results, kept: KeptGroups | None) -> None:
    """What groups are, or that there are none, and the button that searches them."""
    with st.container(width=720):
        st.header("Groups of mistakes", anchor=False)
        if kept is None:
            st.markdown(
                "What do the mistakes have in common: dark photos, one camera, a watermark, the background? "
                "Groups are searched among half of the samples, by rules over their properties and by what "
                "looks alike to the network. Only those that the other half confirms are shown."
            )
        else:
            st.info(
                f"No group of mistakes is sure enough: {words.counted(kept.tried, 'candidate')} were tested, "
                "none has more mistakes than others of its class by more than chance.",
                icon=":material/group_off:",
            )
        _draw_button(results, "Find groups", ":material/group_work:", "primary")


def _draw_button(
    results: Results, label: str, icon: str, kind: Literal["primary", "secondary", "tertiary"]
) -> None:
    """The button that starts a search in a process of its own; while it runs, its progress."""
    if making.is_under_way(results, GROUPS, "Finding groups") or not making.may_start():
        return
    if st.button(label, icon=icon, type=kind, key="find_groups"):
        making.start(results, GROUPS)


def _draw_overview(
    results: Results,
    pictures: Pictures,
    kept: KeptGroups | None,
    scores: Sequence[GroupScore],
    selection: Selection,
) -> None:
    """Tests and cards or, on request, the average map of the chosen group."""
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    listed = kept.groups if kept else ()
    if average.is_wanted(selection, pictures, head, "Groups of mistakes" if listed else "Kept groups"):
        average.draw(results, selection, pictures)
        return
    chosen = state.chosen(listed, scores)
    name = chosen.name if chosen else ""
    kept_tests.draw(results, scores, name)
    if kept is None or not kept.groups:
        _draw_search(results, kept)
        return
    for number, group in enumerate(listed):
        _draw_card(results, pictures, group, number, is_chosen=group.name == name)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(
            f"{words.counted(kept.tried, 'candidate')} tested; p is corrected for their number.",
            width="content",
        )
        _draw_button(results, "Find again", ":material/refresh:", "tertiary")
    objects.draw(results, pictures)


def _draw_card(
    results: Results, pictures: Pictures, group: KeptGroup, number: int, *, is_chosen: bool
) -> None:
    """A group: its name, its numbers, what sets it apart, and its most typical samples."""
    with st.container(border=True, key=f"group_{number}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                words.plain(words.shortened(group.name, 60)), key=f"group_name_{number}",
                type="primary" if is_chosen else "secondary",
                icon=":material/radio_button_checked:" if is_chosen else ":material/radio_button_unchecked:",
                help="Show its samples beside", on_click=state.choose, args=(group.name,),
            )  # fmt: skip
            if is_chosen:
                kept_tests.draw_keep(results.evaluation, group)
                fixing.draw(results.evaluation, group.name, key=f"group_{number}")
        st.markdown(_numbers(group))
        if group.apart:
            st.caption(words.capital("; ".join(group.apart)))
        rows = page_of(_selection(results, group.name, group.sample_ids).rows, 1, _TYPICAL).tolist()
        tiles.row(
            gallery.tiles_of(results, [sample_at(results.table, row) for row in rows], pictures, None),
            label=f"Typical samples of {group.name}",
            key=f"group_tiles_{number}",
            side=_SIDE,
            on_pick=partial(_open, group.name),
        )


def _numbers(group: KeptGroup) -> str:
    """``38 photos; wrong 31% of the time against 2% elsewhere (p < 0.001), most often 3 called 8``."""
    true, predicted = words.plain(group.true), words.plain(group.predicted)
    maps = f"; {words.plain(maps_in_words(group.maps))}" if group.maps else ""
    inside, outside = words.percent(group.error_inside), words.percent(group.error_outside)
    return (
        f"{words.counted(group.size, 'photo')}; wrong **{inside}** of the time against {outside} elsewhere "
        f"({words.plain(words.p_value(group.p))}), most often {true} called {predicted}{maps}."
    )


def _open(name: str, sample_id: str) -> None:
    state.choose(name)
    choices.open_sample(sample_id)


def _selection(results: Results, name: str, sample_ids: Sequence[str]) -> Selection:
    """The samples of a group in this split, the most typical mistakes first."""
    rows = rows_of(results.table, sample_ids)
    return Selection(SampleFilter(outcome="all"), "as_stored", rows, words.shortened(name, 40).capitalize())
