"""Maps of networks whose weights are random from the head down, computed once."""

import streamlit as st

from core.trust.cascade import CascadeStep, cascade
from core.trust.pairs import MethodAtLayer
from pages._ui.session.checkpoints.models import Loaded, batch_of
from pages._ui.session.question.photos import Photo


def steps(loaded: Loaded, photo: Photo, pair: MethodAtLayer, class_idx: int) -> list[CascadeStep]:
    """The map of a photo as trained, then with more and more stages random."""
    key = f"{photo.digest} {loaded.checkpoint.name} {loaded.stamp} {pair} {class_idx}"
    return _steps(key, loaded, photo, pair, class_idx)


@st.cache_resource(max_entries=64, show_spinner="Replacing weights…")
def _steps(
    key: str,  # noqa: ARG001 (the key of the cache)
    _loaded: Loaded,
    _photo: Photo,
    _pair: MethodAtLayer,
    _class_idx: int,
) -> list[CascadeStep]:
    return list(cascade(_loaded.checkpoint, batch_of(_photo, _loaded), _pair, _class_idx))
