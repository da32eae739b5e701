"""One sample: the photo, the maps of the predicted and the true class, and their difference."""

import math
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import ImageError
from core.evaluation.selection import Sample, place_of, row_of, sample_at
from core.explanation.answer import Explanation
from core.explanation.question import INPUT, Question, Score
from core.mistakes.results import Results
from core.mistakes.why_wrong import Sides, Sum, pictures, rival_of, sides
from core.predictions.top_k import Prediction, top_k_with
from pages._ui import words
from pages._ui.kit import trust_line, waiting
from pages._ui.kit.components import bars, panes
from pages._ui.kit.components.panes import Cells, Pane
from pages._ui.kit.pickers import method_picker, question_pickers
from pages._ui.kit.samples import walking
from pages._ui.kit.samples.gallery import Selection
from pages._ui.mistakes import nearest
from pages._ui.session.address import links
from pages._ui.session.checkpoints import models
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.data import image_access
from pages._ui.session.question import photos, question_keys
from pages._ui.session.question.photos import Photo

_BELOW = 96  # Pixels below the pictures: the line about the map of the predicted class.


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A sample of an evaluation, its photo, and the network that explains it."""

    results: Results
    sample: Sample
    photo: Photo
    loaded: Loaded
    suggested: int | None = None

    @property
    def rival(self) -> int | None:
        """The class that the predicted one is compared with, if there is one: the suggested label, if any."""
        if self.has_suggestion:
            return self.suggested
        top5 = [class_idx for class_idx, _ in self.sample.top5]
        return rival_of(self.sample.label, self.sample.predicted, top5)

    @property
    def has_suggestion(self) -> bool:
        """Whether another label is suggested for a sample that is predicted as labelled."""
        return self.sample.is_right and self.suggested not in (None, self.sample.label)

    def name(self, class_idx: int) -> str:
        """A class by name."""
        return self.results.class_names[class_idx]


def draw(
    results: Results,
    selection: Selection,
    there: image_access.Pictures,
    sample_id: str,
    beside: DeltaGenerator,
    *,
    rival: int | None = None,
) -> None:
    """Draw the open sample, which is a row of the table, and its scores in ``beside``.

    ``rival`` is the label that is suggested for it, if there is one.
    """
    row = row_of(results.table, sample_id)
    if row is None:
        raise ValueError(f"no sample {sample_id!r} in {results.name!r}")
    sample = sample_at(results.table, row)
    with st.container(key="sample"):
        head, tools = _draw_head(results, selection, sample, row)
        try:
            photo = image_access.photo(there, sample)
        except ImageError as error:
            st.warning(f"No image: {words.plain(str(error))}.", icon=":material/hide_image:")
            with beside:
                _draw_top5(results, sample)
                _draw_numbers(results, sample)
            return
        shown = Shown(results, sample, photo, models.load(results.name), rival)
        with head:
            _draw_links(shown)
        _draw_reasons(shown, tools, beside)
        with beside:
            nearest.draw(results, row)


def _draw_head(
    results: Results, selection: Selection, sample: Sample, row: int
) -> tuple[DeltaGenerator, DeltaGenerator]:
    """The true and the predicted class, and below them buttons to the next sample; gives both rows."""
    label, predicted = (words.plain(results.class_names[each]) for each in (sample.label, sample.predicted))
    head = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with head:
        st.header(f"{label}, predicted {predicted}", anchor=False, width="content")
        if sample.is_right:
            st.badge("Right", color="green", icon=":material/check:")
        else:
            st.badge("Mistake", color="orange", icon=":material/close:")
    tools = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with tools:
        walking.draw(results.table, place_of(selection.rows, row), key="sample")
    return head, tools


def _draw_reasons(shown: Shown, tools: DeltaGenerator, beside: DeltaGenerator) -> None:
    """The four pictures, and the likeliest classes in ``beside``."""
    with tools.popover("Map", icon=":material/tune:", key="sample_map"):
        method = method_picker.method(shown.loaded.methods, shown.results.name)
        layer = INPUT
        if Question(method).needs_layer:
            layer = question_pickers.target_layer(shown.loaded.layers, shown.results.name, method)
    predicted, rival = _answers(shown, method, layer)
    _draw_panes(shown, predicted, rival, layer)
    trust_line.draw(shown.photo, shown.loaded, predicted, layer, key="sample")
    if int(predicted.logits.argmax()) != shown.sample.predicted:
        st.warning(
            "The model now predicts another class for this image than it did in the evaluation: the image "
            "or the model has changed since. Evaluate again.",
            icon=":material/sync_problem:",
        )
    with beside:
        bars.draw_still(
            top_k_with(predicted.logits, shown.results.class_names, (shown.sample.predicted, shown.rival)),
            selected=shown.sample.predicted,
            against=shown.rival,
        )
        _draw_numbers(shown.results, shown.sample)


def _answers(shown: Shown, method: str, layer: str) -> tuple[Explanation, Explanation | None]:
    """The explanations of the predicted class and of its rival, if it has one."""
    classes = [shown.sample.predicted, *([] if shown.rival is None else [shown.rival])]
    question = Question(method, () if layer == INPUT else (layer,), tuple(map(Score, classes)))
    predicted, *rival = waiting.answers(shown.photo, shown.loaded, question)
    return predicted, next(iter(rival), None)


def _draw_panes(shown: Shown, predicted: Explanation, rival: Explanation | None, layer: str) -> None:
    drawn = photos.drawn(shown.photo)
    both = sides(predicted.maps[layer], (rival or predicted).maps[layer])
    photo = Pane(photos.pane(shown.photo), "The photo", f"{drawn.size[0]} × {drawn.size[1]} pixels")
    maps = _maps(shown, both)
    panes.draw(
        [photo, *(maps if rival else maps[:1])],
        panes.signed_scale(both.top, "logits" if both.in_logits else "raw"),
        key="four",
        scroll_to=shown.sample.sample_id,
        below=_BELOW,
    )


def _maps(shown: Shown, both: Sides) -> list[Pane]:
    """The map of the predicted class, of its rival, and of the difference."""
    drawn, preprocess = photos.drawn(shown.photo), shown.loaded.checkpoint.card.preprocess
    over = pictures(photos.pane(shown.photo), preprocess, drawn.size, both)
    seen = preprocess.window(drawn.size).shares(drawn.size)
    name, rival = shown.name(shown.sample.predicted), shown.name(shown.rival or 0)
    roles = ("predicted", "the true class")
    if shown.sample.is_right:
        roles = ("predicted, correct", "suggested label" if shown.has_suggestion else "next most likely")
    return [
        Pane(
            over.predicted,
            f"For {name}",
            _said(roles[0], both.predicted_sum),
            Cells(both.predicted, seen, name),
        ),
        Pane(over.rival, f"For {rival}", _said(roles[1], both.rival_sum), Cells(both.rival, seen, rival)),
        Pane(
            over.difference,
            f"{name} rather than {rival}",
            _said("first map minus second", both.difference_sum),
            Cells(both.difference, seen, "difference"),
        ),
    ]


def _said(role: str, total: Sum | None) -> str:
    """``predicted · logit +5.12 = cells +5.50, bias −0.38``."""
    if total is None:
        return role
    score, cells, bias = (words.signed(each) for each in (total.score, total.cells, total.bias))
    return f"{role} · {score} = cells {cells}, bias {bias}"


def _draw_links(shown: Shown) -> None:
    """Buttons to Explain and Inside."""
    take_along = partial(_take_along, shown)
    if st.button(
        "Explain", icon=":material/center_focus_strong:", key="sample_explain", on_click=take_along,
        help="Look closer at this image, with any class, method and layer",
    ):  # fmt: skip
        st.switch_page("pages/explain.py", query_params={})
    if st.button(
        "Inside", icon=":material/layers:", key="sample_inside", on_click=take_along,
        help="Look inside the network for this image",
    ):  # fmt: skip
        st.switch_page("pages/inside.py", query_params={})


def _take_along(shown: Shown) -> None:
    """Open the sample, with the same classes, on Explain or Inside."""
    link = links.of_sample(shown.results.evaluation, shown.sample.sample_id)
    photos.add_photo(shown.photo.name, shown.photo.data, link)
    rival = None if shown.sample.is_right or shown.rival is None else shown.name(shown.rival)
    question_keys.choose_classes(shown.results.name, shown.name(shown.sample.predicted), rival)


def _draw_top5(results: Results, sample: Sample) -> None:
    """The probabilities in the table, for a sample without its picture; there are no logits."""
    bars.draw_still(
        [
            Prediction(class_idx, results.class_names[class_idx], probability, math.nan)
            for class_idx, probability in sample.top5
        ],
        selected=sample.predicted,
        against=None if sample.is_right else sample.label,
    )


def _draw_numbers(results: Results, sample: Sample) -> None:
    """The sample's file, and its numbers in the table."""
    true = words.plain(results.class_names[sample.label])
    st.caption(
        f"Probability of {true}: {words.percent(sample.p_label)} · loss {sample.loss:.2f} nats · "
        f"margin {words.percent(sample.margin)} · {words.plain(sample.path or sample.sample_id)} · "
        f"{words.plain(sample.split)}"
    )
