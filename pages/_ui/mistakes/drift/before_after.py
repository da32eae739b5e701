"""A sample before and after a step of the stress test: both photos, each with its map."""

import numpy as np
import streamlit as st

from core.drawing.render import png
from core.errors import ImageError
from core.evaluation.selection import Sample
from core.explanation import display
from core.explanation.answer import Explanation
from core.explanation.question import INPUT, Question
from core.mistakes import stress
from core.mistakes.results import Results
from core.mistakes.why_wrong import over
from core.predictions.top_k import prediction
from pages._ui import words
from pages._ui.kit import waiting
from pages._ui.kit.components import panes
from pages._ui.kit.components.panes import Cells, Pane
from pages._ui.session.checkpoints import advice, models
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.data import image_access
from pages._ui.session.question import photos
from pages._ui.session.question.photos import Photo


def draw(results: Results, sample: Sample, kind: str, value: float) -> None:
    """Draw the photo and its worse copy, each with its map; both maps have one scale."""
    try:
        photo = image_access.photo(image_access.pictures(results.evaluation), sample)
    except ImageError as error:
        st.warning(f"No image: {words.plain(str(error))}.", icon=":material/hide_image:")
        return
    after = stress.worse(photos.upright(photo), sample.sample_id, kind, value)
    both = [photo, photos.as_photo(f"{kind}.png", png(np.asarray(after)))]
    loaded = models.load(results.name)
    question = _question(results.name, loaded)
    answers = [waiting.answers(each, loaded, question)[0] for each in both]
    layer = next(iter(answers[0].maps))
    top = max(display.peak(each.maps[layer].raw) for each in answers)
    titles = ("As it is", "Worse")
    shown = [
        pane
        for title, each, answer in zip(titles, both, answers, strict=True)
        for pane in _pair(results, loaded, title, each, answer, top)
    ]
    panes.draw(shown, panes.signed_scale(top, "raw"), key="before_after", scroll_to=sample.sample_id)


def _question(name: str, loaded: Loaded) -> Question:
    """The usual method, at its usual layer, for the predicted class."""
    method = advice.usual_method(name, loaded.methods)
    layer = advice.usual_layer(name, method, loaded.layers) if Question(method).needs_layer else INPUT
    return Question(method, () if layer == INPUT else (layer,))


def _pair(
    results: Results, loaded: Loaded, title: str, photo: Photo, answer: Explanation, top: float
) -> list[Pane]:
    """A photo, and its map for the predicted class."""
    (values,) = (each.raw for each in answer.maps.values())
    shown = prediction(answer.logits, results.class_names, answer.class_idx)
    size, picture = photos.drawn(photo).size, photos.pane(photo)
    preprocess = loaded.checkpoint.card.preprocess
    return [
        Pane(picture, title, f"{size[0]} × {size[1]} pixels"),
        Pane(
            over(picture, preprocess, size, values, top),
            f"For {shown.class_name}",
            f"predicted, {words.percent(shown.probability)}",
            Cells(values, preprocess.window(size).shares(size), shown.class_name),
        ),
    ]
