"""The baselines of the data sets that were measured, kept for all sessions."""

import streamlit as st

from core.training.baselines.floor import Floor, floor
from core.training.material import Material

_MOST_KEPT = 8
_Key = tuple[object, ...]


def known(data: Material) -> Floor | None:
    """The baselines of these images in this split; None if they have not been measured."""
    return _kept().get(_key(data))


def measured(data: Material) -> Floor:
    """Measure them, which takes seconds; raises as `floor`."""
    kept = _kept()
    result = kept[_key(data)] = floor(data.decoded.images, data.train, data.val)
    while len(kept) > _MOST_KEPT:
        kept.pop(next(iter(kept)), None)
    return result


def _key(data: Material) -> _Key:
    images = data.decoded.images
    return images.fingerprint, images.root, data.train.tobytes(), data.val.tobytes()


@st.cache_resource(max_entries=1)
def _kept() -> dict[_Key, Floor]:
    return {}
