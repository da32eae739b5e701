"""The samples of a pile, a class or a cell, with the predictions of both checkpoints."""

from dataclasses import dataclass

import streamlit as st

from core.arrays import IntArray
from core.evaluation.comparing.pair_selection import ALL, MOST_TELLING, PairFilter, selected
from core.evaluation.selection import Sample, num_pages, page_of, sample_at
from pages._ui import words
from pages._ui.compare.state import comparisons
from pages._ui.compare.state.comparisons import Compared
from pages._ui.kit.components import tile_box
from pages._ui.kit.components.tiles import Tile
from pages._ui.kit.pickers import class_pickers
from pages._ui.kit.samples import gallery, image_folder
from pages._ui.session.data import image_access
from pages._ui.session.data.image_access import Pictures
from pages._ui.session.evaluation import choices

_SIDE = 132
_ORDERS = {
    "fixed": "largest rise of the true class's probability first",
    "broken": "largest fall of the true class's probability first",
    "both_wrong": "highest loss of the second model first",
    "both_right": "lowest confidence of the second model first",
    ALL: "in the order fixed, broken, both wrong, both right",
}


@dataclass(frozen=True, slots=True, eq=False)
class PairSelection:
    """The samples to show: the filter, and the rows of the pair that pass it."""

    wanted: PairFilter
    rows: IntArray


def pick(compared: Compared) -> PairSelection:
    """Draw the pickers of pile and classes."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="compare_samples"):
        pile = _pile(compared)
        label = _class("True class", compared, comparisons.CLASS)
        first = _class(f"{compared.first.name} predicted", compared, comparisons.FIRST_SAID)
        second = _class(f"{compared.second.name} predicted", compared, comparisons.SECOND_SAID)
    wanted = PairFilter(pile, label, first, second)
    return PairSelection(wanted, selected(compared.pair, compared.piles, wanted))


def draw(compared: Compared, selection: PairSelection, pictures: Pictures, opened: str | None) -> None:
    """Draw a page of the samples; a click opens one."""
    number, pile = len(selection.rows), selection.wanted.pile
    st.caption(
        f"**{words.counted(number, 'sample')}**, {_ORDERS[pile]}. Below each: the true class, then the "
        f"predictions of {words.plain(compared.first.name)} and {words.plain(compared.second.name)}."
    )
    if not number:
        st.info("No matching samples. Choose another pile or class.", icon=":material/search_off:")
        return
    image_folder.draw_state(compared.first.evaluation, pictures)
    slot, pages = st.container(), num_pages(number, gallery.PAGE_SIZE)
    # Below the pictures, but asked first: the page may come from the address.
    shown = 1
    if pages > 1:
        shown = st.pagination(pages, key=comparisons.SHEET, bind="query-params", persist_state="session")
    with slot:
        rows = page_of(selection.rows, shown, gallery.PAGE_SIZE)
        tile_box.draw(
            _tiles(compared, rows, pictures, opened), label="Samples", key="compare_gallery", side=_SIDE,
            on_pick=choices.open_sample, below=gallery.room_below(pages),
        )  # fmt: skip


def said(compared: Compared, sample: Sample) -> str:
    """The class that a checkpoint predicted, and its probability: ``✕ dog · 80%``."""
    sign = "✓" if sample.is_right else "✕"
    return f"{sign} {compared.pair.class_names[sample.predicted]} · {words.percent(sample.p_predicted)}"


def _tiles(compared: Compared, rows: IntArray, pictures: Pictures, opened: str | None) -> list[Tile]:
    """A tile for each row: the true class, and what both predicted."""
    first, second = (
        [sample_at(table, row) for row in rows.tolist()]
        for table in (compared.pair.first, compared.pair.second)
    )
    thumbs = image_access.thumbs(pictures.images, first) if pictures.images else [None] * len(first)
    return [
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
