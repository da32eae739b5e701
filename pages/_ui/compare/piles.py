"""The samples of a pile, of a class, or of a cell: what both checkpoints made of each."""

from dataclasses import dataclass

import streamlit as st

from core.arrays import IntArray
from core.evaluation.comparing.pair_selection import ALL, MOST_TELLING, PairFilter, selected
from core.evaluation.selection import Sample, num_pages, page_of, sample_at
from pages._ui import words
from pages._ui.compare.state import comparisons
from pages._ui.compare.state.comparisons import Compared
from pages._ui.kit.components import tiles
from pages._ui.kit.components.tiles import Tile
from pages._ui.kit.pickers import class_pickers
from pages._ui.kit.samples import gallery, image_folder
from pages._ui.session import choices, image_access

_SIDE = 132
_ORDERS = {
    "fixed": "the largest rise of the true class first",
    "broken": "the deepest fall of the true class first",
    "both_wrong": "the highest loss of the second first",
    "both_right": "those of which the second is least sure first",
    ALL: "fixed, broken, both wrong, both right",
}


@dataclass(frozen=True, slots=True, eq=False)
class PairSelection:
    """The samples that somebody wants to see: what they must be, and their rows in the pair."""

    wanted: PairFilter
    rows: IntArray


def pick(compared: Compared) -> PairSelection:
    """Draw the pickers of pile and classes."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="compare_samples"):
        pile = _pile(compared)
        label = _class("True class", compared, comparisons.CLASS)
        first = _class(f"{compared.first.name} said", compared, comparisons.FIRST_SAID)
        second = _class(f"{compared.second.name} said", compared, comparisons.SECOND_SAID)
    wanted = PairFilter(pile, label, first, second)
    return PairSelection(wanted, selected(compared.pair, compared.piles, wanted))


def draw(
    compared: Compared, selection: PairSelection, pictures: image_access.Pictures, opened: str | None
) -> None:
    """Draw a page of the samples; a click opens one."""
    number, pile = len(selection.rows), selection.wanted.pile
    st.caption(
        f"**{words.counted(number, 'sample')}**, {_ORDERS[pile]}. Below each: the true class, what "
        f"{words.plain(compared.first.name)} said, then what {words.plain(compared.second.name)} said."
    )
    if not number:
        st.info("No sample is like that. Pick another pile, or another class.", icon=":material/search_off:")
        return
    if pictures.images is None:
        image_folder.ask(compared.first.evaluation, pictures.reason)
    elif pictures.has_changed:  # Its twin is in `gallery.draw`.
        st.warning(
            "The images on this machine are not those that were evaluated. Numbers are of then, pictures and "
            "maps of now.",
            icon=":material/sync_problem:",
        )
    slot, pages = st.container(), num_pages(number, gallery.PAGE_SIZE)
    # Below the pictures, but asked first: the page may come from the address.
    shown = 1
    if pages > 1:
        shown = st.pagination(pages, key=comparisons.SHEET, bind="query-params", persist_state="session")
    with slot:
        _draw_tiles(compared, page_of(selection.rows, shown, gallery.PAGE_SIZE), pictures, opened)


def said(compared: Compared, sample: Sample) -> str:
    """What a checkpoint took a sample for, and how sure it was: ``✕ dog · 80 %``."""
    sign = "✓" if sample.is_right else "✕"
    return f"{sign} {compared.pair.class_names[sample.predicted]} · {words.percent(sample.p_predicted)}"


def _draw_tiles(
    compared: Compared, rows: IntArray, pictures: image_access.Pictures, opened: str | None
) -> None:
    first, second = (
        [sample_at(table, row) for row in rows.tolist()]
        for table in (compared.pair.first, compared.pair.second)
    )
    thumbs = image_access.thumbs(pictures.images, first) if pictures.images else [None] * len(first)
    items = [
        Tile(
            sample.sample_id,
            gallery.picture(thumb),
            compared.pair.class_names[sample.label],
            f"{said(compared, sample)}\n{said(compared, other)}",
            selected=sample.sample_id == opened,
            note=sample.sample_id.rpartition("/")[2],
        )
        for sample, other, thumb in zip(first, second, thumbs, strict=True)
    ]
    tiles.grid(items, label="Samples", key="compare_gallery", on_pick=choices.open_sample, side=_SIDE)


def _pile(compared: Compared) -> str:
    comparisons.choose_usual_pile(compared)
    chosen: str = st.selectbox(
        "Samples",
        [*MOST_TELLING, ALL],
        format_func=comparisons.LABELS.__getitem__,
        key=comparisons.SHOWN,
        persist_state="session",
        on_change=comparisons.from_the_first_sheet,
    )
    comparisons.write_pile(chosen)
    return chosen


def _class(label: str, compared: Compared, key: str) -> int | None:
    return class_pickers.one(
        label,
        compared.pair.class_names,
        compared.matrices.difference,
        key=key,
        on_change=comparisons.from_the_first_sheet,
    )
