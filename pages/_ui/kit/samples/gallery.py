"""Samples to walk through: which, in what order, and their pictures, a page at a time."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.arrays import IntArray
from core.evaluation.feature_space.areas import Area
from core.evaluation.selection import ORDERS, Sample, SampleFilter, num_pages, page_of, sample_at, selected
from core.mistakes.results import Results
from pages._ui import words
from pages._ui.kit import options
from pages._ui.kit.components import tile_box, web
from pages._ui.kit.components.tiles import Tile
from pages._ui.kit.pickers import class_pickers
from pages._ui.kit.samples import image_folder
from pages._ui.session.data import image_access
from pages._ui.session.data.image_access import Pictures
from pages._ui.session.evaluation import choices

PAGE_SIZE = 48
_ORDER_LABELS = {
    "top_losses": "Highest loss first",
    "confidently_wrong": "Confidently wrong first",
    "least_sure": "Least sure first",
    "confidently_right": "Confidently right first",
    "as_stored": "As stored",
}
_OUTCOMES = {"wrong": "Mistakes", "all": "All", "right": "Right"}
_TILE, _MOST_LOSS = 96, 20.0
_BELOW, _BELOW_PAGES = 30, 78
_EMPTY = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 50 40'%3E"
    "%3Crect width='50' height='40' fill='%23808c9b' fill-opacity='.18'/%3E%3C/svg%3E"
)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The samples to show: which are wanted, their order, their rows in the table, and a title."""

    wanted: SampleFilter
    order: str
    rows: IntArray
    title: str

    @property
    def cell(self) -> tuple[int | None, int | None]:
        """True and predicted class."""
        return self.wanted.label, self.wanted.predicted


def pick(results: Results, above: DeltaGenerator) -> tuple[Selection, DeltaGenerator]:
    """Draw pickers of classes, outcome and order ``above``, and of ranges; gives a row with room for more."""
    with above:
        wanted, order = _pickers(results)
    tools = _tools()
    with tools.popover("Filters", icon=":material/filter_alt:", key="gallery_filters"):
        wanted = _within_ranges(wanted)
    return _selection(results, wanted, order), tools


def pick_folded(results: Results) -> tuple[Selection, DeltaGenerator]:
    """The same as `pick`, with all pickers behind one button: beside an open sample there is less room."""
    tools = _tools()
    with tools.popover("Filters", icon=":material/filter_alt:", key="gallery_filters"):
        wanted, order = _pickers(results)
        wanted = _within_ranges(wanted)
    return _selection(results, wanted, order), tools


def _pickers(results: Results) -> tuple[SampleFilter, str]:
    """Draw the pickers of classes, outcome and order; gives which samples are wanted, and their order."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="gallery_classes"):
        label = _class("True class", results, choices.TRUE)
        predicted = _class("Predicted class", results, choices.PREDICTED)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="gallery_controls"):
        outcome = options.segmented(
            "Show", _OUTCOMES, key=choices.ONLY, label_visibility="collapsed",
            on_change=choices.from_the_first_page,
        )  # fmt: skip
        order = st.selectbox(
            "Order",
            list(ORDERS),
            format_func=order_label,
            key=choices.ORDER,
            bind="query-params",
            persist_state="session",
            label_visibility="collapsed",
            on_change=choices.from_the_first_page,
        )
    return SampleFilter(label, predicted, outcome), order


def _tools() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", gap="small", key="gallery_tools")


def _selection(results: Results, wanted: SampleFilter, order: str) -> Selection:
    rows = selected(results.table, wanted, order)
    return Selection(wanted, order, rows, _title(wanted, list(results.class_names)))


def order_label(name: str) -> str:
    """The name of an order on the page."""
    return _ORDER_LABELS.get(name, name)


def choose_cell(names: tuple[str, ...], label: int | None, predicted: int | None) -> None:
    """Select a cell, a row (``predicted`` None) or a column; before the pickers are drawn."""
    for key, class_idx in ((choices.TRUE, label), (choices.PREDICTED, predicted)):
        name = None if class_idx is None else names[class_idx]
        choices.set_picker(key, name, name)
    choices.set_picker(choices.ONLY, "all", _OUTCOMES["all"])
    choices.from_the_first_page()
    choices.open_sample(None)


def choose_area(area: Area | None) -> None:
    """Select all samples in an area of the map, right or wrong; before the pickers are drawn."""
    choices.choose_area(area)
    choices.set_picker(choices.ONLY, "all", _OUTCOMES["all"])


def draw(
    results: Results,
    selection: Selection,
    pictures: Pictures,
    opened: str | None,
    notes: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Draw a page of the samples in a box; a click opens one. ``notes`` by sample id replace file names."""
    number = len(selection.rows)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header(words.plain(selection.title), anchor=False, width="content")
        st.caption(words.counted(number, "sample"), width="content")
    if not number:
        st.info(
            "No matching samples. Widen the filters, or choose another cell.", icon=":material/search_off:"
        )
        return
    image_folder.draw_state(results.evaluation, pictures)
    slot, pages = st.container(), num_pages(number, PAGE_SIZE)
    # Below the pictures, but asked first: the page may come from the address.
    shown = 1
    if pages > 1:
        shown = st.pagination(pages, key=choices.PAGE, bind="query-params", persist_state="session")
    samples = [sample_at(results.table, int(row)) for row in page_of(selection.rows, shown, PAGE_SIZE)]
    with slot:
        tile_box.draw(
            tiles_of(results, samples, pictures, opened, notes), label="Samples", key="gallery", side=_TILE,
            on_pick=choices.open_sample, below=room_below(pages),
        )  # fmt: skip


def room_below(pages: int) -> int:
    """Pixels to leave below a box of samples, for the picker of pages where there is one."""
    return _BELOW_PAGES if pages > 1 else _BELOW


def tiles_of(
    results: Results,
    samples: list[Sample],
    pictures: Pictures,
    opened: str | None,
    notes: Mapping[str, str] = MappingProxyType({}),
) -> list[Tile]:
    """A tile for each sample: its picture, its true class, and what it was predicted as."""
    thumbs = image_access.thumbs(pictures.images, samples) if pictures.images else [None] * len(samples)
    return [
        Tile(
            sample.sample_id,
            picture(thumb),
            results.class_names[sample.label],
            verdict(results, sample),
            selected=sample.sample_id == opened,
            note=notes.get(sample.sample_id, sample.sample_id.rpartition("/")[2]),
        )
        for sample, thumb in zip(samples, thumbs, strict=True)
    ]


def verdict(results: Results, sample: Sample) -> str:
    """The predicted class of a sample and its probability: ``→ 9 · 80%``, ``right · 97%``."""
    taken = "right" if sample.is_right else f"→ {results.class_names[sample.predicted]}"
    return f"{taken} · {words.percent(sample.p_predicted)}"


def picture(thumb: bytes | None) -> str:
    """A small JPEG file as the address of a tile's picture; an empty square where there is none."""
    return web.data_uri(thumb) if thumb else _EMPTY


def _class(label: str, results: Results, key: str) -> int | None:
    matrix = results.metrics.confusion_matrix
    return class_pickers.one(
        label, results.class_names, matrix, key=key, on_change=choices.from_the_first_page
    )


def _within_ranges(wanted: SampleFilter) -> SampleFilter:
    """The samples within ranges of probability, margin and loss; an end that is not moved is open."""
    probability = _share("Probability of the prediction", "p")
    margin = _share("Margin to the next class", "margin")
    loss = st.slider(
        "Loss at least, in nats",
        0.0,
        _MOST_LOSS,
        0.0,
        0.1,
        key="loss",
        bind="query-params",
        persist_state="session",
        on_change=choices.from_the_first_page,
        help="Minus the logarithm of the true class's probability: 0.7 for a probability of one half.",
    )
    return replace(wanted, probability=probability, margin=margin, loss=(loss, math.inf))


def _share(label: str, key: str) -> tuple[float, float]:
    low, high = st.slider(
        label,
        0.0,
        1.0,
        (0.0, 1.0),
        0.01,
        key=key,
        bind="query-params",
        persist_state="session",
        on_change=choices.from_the_first_page,
    )
    return low, high


def _title(wanted: SampleFilter, names: list[str]) -> str:
    label = None if wanted.label is None else names[wanted.label]
    predicted = None if wanted.predicted is None else names[wanted.predicted]
    if label is not None and predicted is not None:
        return f"{label}, predicted {predicted}"
    kind = {"wrong": "mistakes", "right": "right predictions", "all": "samples"}[wanted.outcome]
    if label is not None:
        return f"True {label}: {kind}"
    if predicted is not None:
        return f"Predicted {predicted}: {kind}"
    return f"All {kind}"
