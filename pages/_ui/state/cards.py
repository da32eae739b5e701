"""What a channel's card needs beside its activations: found once, then remembered for all sessions."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.data.image_set import ImageSet
from core.errors import CheckpointError, DataError, LayerError
from core.explain.receptive_field import receptive_field
from core.inside import channel_classes, channel_examples, examples, filter_weights
from core.inside.channel_classes import SpokenFor
from core.inside.channel_examples import Pictures, Reached
from core.inside.channel_filters import ChannelFilter, channel_filter
from core.inside.examples import Example, Examples
from core.inside.examples_pass import collect
from core.inside.filter_weights import Filters
from core.inside.patches import by_sample_id
from core.render import jpeg
from pages._ui.state.models import Loaded

# A name in the address.
SHOW = "show"
_FOLDERS_CHANGE_S = 300
_PATCH, _SMALL_PATCH = 144, 40
# As many images as a pass takes a few seconds for; by the size of the network's input.
_SMALL_INPUT, _MOST_SMALL, _MOST_LARGE = 64, 6_000, 400

Weights = NDArray[np.float32]


def spoken_for(loaded: Loaded, layer: str, channel: int) -> SpokenFor | None:
    """The classes that the head's weights speak of; None where it does not read this layer's means."""
    weights = _class_weights(loaded.checkpoint.name, loaded.stamp, layer, loaded)
    return None if weights is None else channel_classes.spoken_for(weights, channel)


def filters_of(loaded: Loaded, layer: str) -> Filters | None:
    """The filters behind a layer's channels; None where it cannot be said which they are."""
    return _filters(loaded.checkpoint.name, loaded.stamp, layer, loaded)


def filter_of(found: Filters, channel: int) -> ChannelFilter:
    """A channel's own filter."""
    return channel_filter(found, channel)


def field_size(loaded: Loaded, layer: str) -> tuple[int, int]:
    """Height and width of what a cell sees of the network's input, in its pixels."""
    return receptive_field(loaded.checkpoint.model, layer, _blank(loaded)).size


def collected(loaded: Loaded) -> Examples | None:
    """The examples of a checkpoint's network, if somebody has collected any."""
    path = loaded.checkpoint.folder / examples.EXAMPLES
    if not path.exists():
        return None
    found = _examples(str(path), path.stat().st_mtime, loaded)
    is_of_it = found is not None and found.about.network == examples.network_of(loaded.checkpoint.card)
    return found if is_of_it else None


def examples_of(loaded: Loaded, layer: str) -> list[list[Example]] | None:
    """The examples of all channels of a layer; None where nobody has collected them."""
    found = collected(loaded)
    if found is None or layer not in found.about.layers:
        return None
    path = loaded.checkpoint.folder / examples.EXAMPLES
    return _layer_examples(str(path), path.stat().st_mtime, layer, found)


def reached(loaded: Loaded, layer: str, channel: int) -> Reached | None:
    """The most that a channel answers to real images with; None where nobody knows."""
    found = collected(loaded)
    if found is None or layer not in found.about.layers:
        return None
    return channel_examples.reached(found, layer, channel)


def images_of(loaded: Loaded) -> ImageSet | str:
    """The images to find examples in, or the sentence why they are not there."""
    return _images(loaded.checkpoint.name, loaded)


def are_few(loaded: Loaded, images: ImageSet) -> bool:
    """Whether a pass over the images is quick enough for somebody to wait for."""
    small = max(loaded.checkpoint.card.preprocess.input_size) <= _SMALL_INPUT
    return len(images) <= (_MOST_SMALL if small else _MOST_LARGE)


def patch_jpegs(found: ImageSet, wanted: Sequence[Example]) -> list[bytes | None]:
    """A JPEG file of each patch; None for one whose image is gone or broken."""
    return _patches(found.fingerprint, tuple(wanted), found)


def example_tiles(found: ImageSet, wanted: Sequence[Sequence[Example]]) -> Pictures:
    """The examples of each channel as one small picture (k, H, W, 3)."""
    return _tiles(found.fingerprint, tuple(map(tuple, wanted)), found)


def collect_examples(
    loaded: Loaded, layer: str, images: ImageSet, on_progress: Callable[[int, int], None]
) -> None:
    """Look for the examples of a layer; if ``on_progress`` raises, the next call goes on from there."""
    collect(loaded.checkpoint, [layer], images, on_progress=on_progress)


def _blank(loaded: Loaded) -> Tensor:
    checkpoint = loaded.checkpoint
    preprocess, like = checkpoint.card.preprocess, next(checkpoint.model.parameters())
    return torch.zeros(1, len(preprocess.mean), *preprocess.input_size).to(like)


@st.cache_resource(max_entries=16, show_spinner=False)
def _class_weights(name: str, stamp: float, layer: str, _loaded: Loaded) -> Weights | None:  # noqa: ARG001 (the key of the cache)
    return channel_classes.class_weights(_loaded.checkpoint, layer)


@st.cache_resource(max_entries=16, show_spinner=False)
def _filters(name: str, stamp: float, layer: str, _loaded: Loaded) -> Filters | None:  # noqa: ARG001 (the key of the cache)
    try:
        return filter_weights.filters_of(_loaded.checkpoint.model, layer, _blank(_loaded))
    except LayerError:
        return None


@st.cache_resource(max_entries=8, show_spinner=False)
def _examples(path: str, stamp: float, _loaded: Loaded) -> Examples | None:  # noqa: ARG001 (the key of the cache)
    try:
        return examples.read(Path(path).parent)
    except CheckpointError:  # Damaged: as if there were none, and the next pass replaces it.
        return None


@st.cache_resource(max_entries=16, show_spinner=False)
def _layer_examples(path: str, stamp: float, layer: str, _found: Examples) -> list[list[Example]]:  # noqa: ARG001 (the key of the cache)
    return _found.of(layer)


@st.cache_resource(max_entries=8, ttl=_FOLDERS_CHANGE_S, show_spinner=False)
def _images(name: str, _loaded: Loaded) -> ImageSet | str:  # noqa: ARG001 (the key of the cache)
    try:
        return examples.open_photos(_loaded.checkpoint.folder, None)
    except DataError as error:
        return str(error)


@st.cache_data(max_entries=256, show_spinner=False)
def _patches(fingerprint: str, wanted: tuple[Example, ...], _images: ImageSet) -> list[bytes | None]:  # noqa: ARG001 (the key of the cache)
    found = channel_examples.pictures(wanted, by_sample_id(_images), _PATCH)
    return [None if each is None else jpeg(each) for each in found]


@st.cache_resource(max_entries=16, show_spinner="Cutting the patches out…")
def _tiles(fingerprint: str, wanted: tuple[tuple[Example, ...], ...], _images: ImageSet) -> Pictures:  # noqa: ARG001 (the key of the cache)
    return channel_examples.tiles(wanted, by_sample_id(_images), _SMALL_PATCH)
