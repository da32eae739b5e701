"""Whether the objects of a data set are marked, in memory."""

import streamlit as st

from core.data import object_masks
from core.data.image_set import ImageSet
from pages._ui.session.data.image_access import Pictures


def are_marked(pictures: Pictures) -> bool:
    """Whether masks, trimaps or boxes mark the objects of these images; False where images are missing."""
    if pictures.images is None:
        return False
    images = pictures.images.images
    return _are_marked(f"{images.root} {images.fingerprint}", images)


@st.cache_data(max_entries=16, show_spinner=False)
def _are_marked(key: str, _images: ImageSet) -> bool:  # noqa: ARG001 (the key of the cache)
    return object_masks.have_masks(_images)
