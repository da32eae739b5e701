"""Below an open sample: the training images that are nearest to it in the network's own feature space."""

from functools import partial

import streamlit as st

from core.mistakes.feature_space import nearest
from core.mistakes.results import Results
from core.predictions import evaluations, sample_features
from core.predictions.evaluating import background
from core.predictions.evaluations import Evaluation
from pages._ui import words
from pages._ui.kit import background_work
from pages._ui.kit.components import tiles
from pages._ui.kit.components.tiles import Tile
from pages._ui.kit.samples import gallery
from pages._ui.mistakes.state import maps
from pages._ui.session.data import image_access
from pages._ui.session.evaluation import choices, evaluated, result_cache

_TITLE = "Nearest training images"
_SIDE = 76


def draw(results: Results, row: int) -> None:
    """Draw the nine nearest training images with their labels, or how to get them."""
    if not nearest.has_training_data(results.evaluation):
        return
    training = nearest.training_evaluation(results.evaluation)
    with st.container(key="nearest"):
        if sample_features.read(results.evaluation) is None:
            st.caption(f"{_TITLE}: {words.plain(sample_features.missing(results.evaluation))}.")
        elif training is None:
            _offer(results.evaluation)
        else:
            _draw_tiles(results, row, training)


def _draw_tiles(results: Results, row: int, training: Evaluation) -> None:
    known = result_cache.load(results.name, None, training.name)
    near = nearest.nearest(results, row, maps.space_of(known), known)
    pictures = image_access.pictures(training)
    samples = [each.sample for each in near]
    thumbs = image_access.thumbs(pictures.images, samples) if pictures.images else [None] * len(samples)
    st.caption(
        f"**{_TITLE}**, by the cosine between their features",
        help="The images that the network learned from and that look most like this one to it. Labels that "
        "differ from what they show, or from each other, explain many mistakes.",
    )
    tiles.row(
        [
            Tile(each.sample_id, gallery.picture(thumb), known.class_names[each.label], f"{one.cosine:.2f}")
            for each, thumb, one in zip(samples, thumbs, near, strict=True)
        ],
        label=_TITLE, key="nearest_tiles", on_pick=partial(_look_at, training.name), side=_SIDE,
    )  # fmt: skip


def _look_at(training: str, sample_id: str) -> None:
    """Open a training image in its own evaluation; before the pickers are drawn."""
    evaluated.look_at(training)
    choices.open_sample(sample_id)


def _offer(evaluation: Evaluation) -> None:
    """Offer to evaluate the training images, whose features are needed."""
    name = nearest.name_for_training(evaluation)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if evaluations.is_under_way(evaluation.of, name):
            st.caption(f"{_TITLE}: the training images are being evaluated.")
            return
        st.caption(f"{_TITLE}: the features of the training images are needed.", width="content")
        if st.button("Evaluate the training images", icon=":material/play_arrow:", key="evaluate_training"):
            background_work.start(lambda: background.start(evaluation.of, None, "train", name))
