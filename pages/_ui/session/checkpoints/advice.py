"""What the tests of a checkpoint's maps advise: a method and a layer, and which others are like noise."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.checkpoints import paths, store
from core.explain.network.layers import Layer, default_layer
from core.explain.trust.verdict import NOISE
from core.explanation.question import INPUT, Question
from core.trust.report import reading
from core.trust.report.reading import KnownTrust


def known(name: str) -> KnownTrust:
    """What is known of a checkpoint's maps, read again when its files change.

    Nothing is known of those of an auxiliary head, whose ``name`` is a `models.Loaded.scope`.
    """
    if "/" in name:
        return KnownTrust(None)
    folder = store.find(name)  # Once: a page asks this for each method that it offers.
    return _known(str(folder), _written(folder / paths.TRUST), _written(folder / paths.CARD))


def usual_method(name: str, methods: Sequence[str]) -> str:
    """The recommended method, if this network has one of those offered; else Grad-CAM."""
    advised = known(name).recommended
    return advised.method if advised is not None and advised.method in methods else Question().method


def usual_layer(name: str, method: str, layers: Sequence[Layer]) -> str:
    """The layer at which a method did best in the tests; the last convolutional one if it was not tested."""
    advised = known(name).layer_for(method)
    return advised if advised in [layer.name for layer in layers] else default_layer(layers)


def is_like_noise(known: KnownTrust, method: str, layer: str | None) -> bool:
    """Whether the tests found the maps of a method at a layer no better than noise, for this network."""
    return known.believability.get((method, layer or INPUT)) == NOISE


def is_recommended(known: KnownTrust, method: str, layer: str | None) -> bool:
    """Whether the tests recommend this pair."""
    advised = known.recommended
    return advised is not None and (advised.method, advised.layer) == (method, layer or INPUT)


def stamp(name: str, file: str) -> float:
    """When a file of a checkpoint was written; 0 without it."""
    return _written(store.find(name) / file)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@st.cache_resource(max_entries=8, show_spinner=False)
def _known(folder: str, stamp: float, card_stamp: float) -> KnownTrust:  # noqa: ARG001 (the key of the cache)
    return reading.known(Path(folder))
