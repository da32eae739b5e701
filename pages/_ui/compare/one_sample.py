"""One sample by two checkpoints: the photo, and each one's maps for the predicted and the true class."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import streamlit as st

from core.drawing.render import SIGNED
from core.errors import ImageError
from core.evaluation.selection import Position, Sample, place_of, row_of, sample_at
from core.explain.network.layers import default_layer
from core.explanation.answer import Map
from core.explanation.question import Question, Score
from core.mistakes.results import Results
from core.mistakes.why_wrong import Sides, pictures, sides
from pages._ui import words
from pages._ui.compare.piles import PairSelection
from pages._ui.compare.state import comparisons
from pages._ui.compare.state.comparisons import Compared
from pages._ui.kit import trust_line, waiting
from pages._ui.kit.components import panes
from pages._ui.kit.components.panes import Cells, Pane
from pages._ui.kit.components.scales import Scale
from pages._ui.kit.samples import walking
from pages._ui.session.checkpoints import models
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.data import image_access
from pages._ui.session.question import photos
from pages._ui.session.question.photos import Photo


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A sample in one checkpoint's table; class indices are those of that table."""

    results: Results
    sample: Sample
    key: str

    @property
    def predicted(self) -> str:
        """The name of the predicted class."""
        return self.results.class_names[self.sample.predicted]

    @property
    def label(self) -> str:
        """The name of the true class."""
        return self.results.class_names[self.sample.label]


def draw(compared: Compared, selection: PairSelection, images: image_access.Pictures, sample_id: str) -> None:
    """Draw the open sample, which is in both evaluations."""
    row = row_of(compared.pair.first, sample_id)
    if row is None:
        raise ValueError(f"no sample {sample_id!r} in both evaluations")
    first, second = _side(compared.first, sample_id, "first"), _side(compared.second, sample_id, "second")
    with st.container(border=True, key="compared"):
        _draw_head(compared, first, second, place_of(selection.rows, row))
        try:
            photo = image_access.photo(images, first.sample)
        except ImageError as error:
            st.warning(f"No image: {words.plain(str(error))}.", icon=":material/hide_image:")
            photo = None
        if photo is None:
            _draw_without_photo(first, second)
        else:
            _draw_both(photo, first, second)


def _side(results: Results, sample_id: str, key: str) -> Side:
    row = row_of(results.table, sample_id)
    if row is None:
        raise ValueError(f"{sample_id!r} is in the pair, but not in {results.name!r}")
    return Side(results, sample_at(results.table, row), key)


def _draw_head(compared: Compared, first: Side, second: Side, place: Position | None) -> None:
    badges: dict[tuple[bool, bool], tuple[str, Literal["green", "orange", "gray"], str]] = {
        (False, True): ("Fixed", "green", "check"),
        (True, False): ("Broken", "orange", "close"),
        (True, True): ("Both right", "gray", "check"),
        (False, False): ("Both wrong", "gray", "close"),
    }
    label, colour, icon = badges[first.sample.is_right, second.sample.is_right]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.header(words.plain(first.label), anchor=False, width="content")
            st.badge(label, color=colour, icon=f":material/{icon}:")
        walking.draw(compared.pair.first, place, key="compared")


def _draw_both(photo: Photo, first: Side, second: Side) -> None:
    """The photo, then a column per checkpoint; a column of two maps is twice as wide."""
    widths = [1, *(1 if side.sample.is_right else 2 for side in (first, second))]
    with st.container(key="compared_maps"):
        left, middle, right = st.columns(widths, gap="medium")
    with left:
        drawn = photos.drawn(photo)
        st.markdown("**Photo**")
        panes.draw(
            [Pane(photos.pane(photo), first.label, f"{drawn.size[0]} × {drawn.size[1]} pixels")],
            None,
            key="compared_photo",
            scroll_to=first.sample.sample_id,
            hint="",
        )
    for column, side in ((middle, first), (right, second)):
        with column:
            draw_prediction(side)
            draw_maps(side, photo)
            draw_link(side)
    st.caption(
        "Red is evidence for the class, blue is evidence against it. Each model has its own scale. · "
        f"{_place(first)}"
    )


def _draw_without_photo(first: Side, second: Side) -> None:
    for column, side in zip(st.columns(2, gap="medium"), (first, second), strict=True):
        with column:
            draw_prediction(side)
            draw_link(side)
    st.caption(_place(first))


def _place(side: Side) -> str:
    """The file of a sample, and its split."""
    return words.plain(f"{side.sample.path or side.sample.sample_id} · {side.sample.split}")


def draw_prediction(side: Side) -> None:
    """The predicted class of a sample, and its probability."""
    sample = side.sample
    colour, sign = ("green", "check") if sample.is_right else ("orange", "close")
    st.markdown(
        f"**{words.plain(side.results.name)}** predicted :{colour}[:material/{sign}: "
        f"{words.plain(side.predicted)}] · {words.percent(sample.p_predicted)}"
    )


def draw_maps(side: Side, photo: Photo) -> None:
    """The map of the predicted class and, where that is wrong, of the true class, in the same colours."""
    loaded = models.load(side.results.name)
    layer = default_layer(loaded.layers)
    classes = [side.sample.predicted]
    if not side.sample.is_right:
        classes.append(side.sample.label)
    question = Question(target_layers=(layer,), scores=tuple(map(Score, classes)))
    explained = waiting.answers(photo, loaded, question)
    maps = [each.maps[layer] for each in explained]
    both = sides(maps[0], maps[-1])
    panes.draw(
        _panes(side, photo, loaded, both)[: len(maps)],
        _scale(both),
        key=f"compared_{side.key}",
        hint="Hover or press arrow keys to read the maps",
    )
    st.caption(words.plain(f"Grad-CAM at {layer}, its last layer: {_shape(maps[0])} cells"))
    trust_line.draw(photo, loaded, explained[0], layer, key=f"compared_{side.key}")


def _scale(maps: Sides) -> Scale:
    """The scale from against to for, with short labels for a narrow column."""
    top = f"{maps.top:.2g}"
    return Scale(SIGNED, f"{words.MINUS}{top}", f"+{top}", "logits" if maps.in_logits else "raw")


def _panes(side: Side, photo: Photo, loaded: Loaded, maps: Sides) -> list[Pane]:
    """The maps of the predicted class and of the true class."""
    drawn, preprocess = photos.drawn(photo), loaded.checkpoint.card.preprocess
    over = pictures(photos.pane(photo), preprocess, drawn.size, maps)
    seen = preprocess.window(drawn.size).shares(drawn.size)
    sample = side.sample
    role = "predicted, correct" if sample.is_right else "predicted"
    return [
        Pane(
            over.predicted,
            f"For {side.predicted}",
            f"{role} · {words.percent(sample.p_predicted)}",
            Cells(maps.predicted, seen, side.predicted),
        ),
        Pane(
            over.rival,
            f"For {side.label}",
            f"the true class · {words.percent(sample.p_label)}",
            Cells(maps.rival, seen, side.label),
        ),
    ]


def _shape(shown: Map) -> str:
    rows, columns = shown.raw.shape
    return f"{rows} × {columns}"


def draw_link(side: Side) -> None:
    """A button that opens the sample on the page Mistakes."""
    st.button(
        f"Open in Mistakes with {words.plain(words.shortened(side.results.name))}",
        icon=":material/grid_on:",
        key=f"compared_open_{side.key}",
        on_click=partial(comparisons.take_to_mistakes, side.results, side.sample.sample_id),
    )
