"""Images that a checkpoint was evaluated on, as photos to start from."""

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from core.errors import CoreError
from core.evaluation.selection import SampleFilter, sample_at, selected
from core.mistakes import results as core_results
from core.mistakes.results import Results
from pages._ui.session.address import links
from pages._ui.session.data import image_access
from pages._ui.session.evaluation import result_cache
from pages._ui.session.question.photos import Photo

_MOST, _FOLDERS_CHANGE_S = 8, 300


def own_samples(checkpoint: str) -> list[Photo]:
    """One image of each of the first classes; empty without an evaluation or without its images."""
    if checkpoint not in core_results.available():
        return []
    with suppress(CoreError):
        evaluated = result_cache.load(checkpoint, None)
        pictures = image_access.pictures(evaluated.evaluation)  # Those that this session may see.
        if pictures.images is not None:
            images = pictures.images.images
            key = f"{result_cache.key_of(evaluated)} {images.root} {images.fingerprint}"
            return _own_samples(key, evaluated, pictures)
    return []


@st.cache_resource(max_entries=8, ttl=_FOLDERS_CHANGE_S, show_spinner="Looking for its images…")
def _own_samples(key: str, _evaluated: Results, _pictures: image_access.Pictures) -> list[Photo]:  # noqa: ARG001 (the key)
    classes = range(len(_evaluated.class_names))[:_MOST]
    samples = (_clearest(_evaluated, _pictures, class_idx) for class_idx in classes)
    return [photo for photo in samples if photo]


def _clearest(evaluated: Results, pictures: image_access.Pictures, class_idx: int) -> Photo | None:
    """The image of a class that is classified right with the highest confidence."""
    rows = selected(evaluated.table, SampleFilter(label=class_idx), "confidently_right")
    if not len(rows):
        return None
    sample = sample_at(evaluated.table, int(rows[0]))
    photo = image_access.photo(pictures, sample)
    link = links.of_sample(evaluated.evaluation, sample.sample_id)
    return replace(photo, name=evaluated.class_names[class_idx], link=link)
