"""What a channel's card needs beside its activations: found once, then remembered for all sessions."""

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import LayerError
from core.inside import field_sizes
from core.inside.channels import class_weights
from core.inside.channels.class_weights import SpokenFor
from core.inside.examples.channel_tiles import Reached
from core.inside.filters import kernels
from core.inside.filters.kernels import Filters
from core.inside.filters.one_filter import ChannelFilter, channel_filter
from pages._ui.inside.state import examples
from pages._ui.session.models import Loaded

# A name in the address.
SHOW = "show"

Weights = NDArray[np.float32]


def spoken_for(loaded: Loaded, layer: str, channel: int) -> SpokenFor | None:
    """The classes that the head's weights speak of; None where it does not read this layer's means."""
    weights = _class_weights(loaded.checkpoint.name, loaded.stamp, layer, loaded)
    return None if weights is None else class_weights.spoken_for(weights, channel)


def filters_of(loaded: Loaded, layer: str) -> Filters | None:
    """The filters behind a layer's channels; None where it cannot be said which they are."""
    return _filters(loaded.checkpoint.name, loaded.stamp, layer, loaded)


def filter_of(found: Filters, channel: int) -> ChannelFilter:
    """A channel's own filter."""
    return channel_filter(found, channel)


def field_size(loaded: Loaded, layer: str) -> tuple[int, int]:
    """Height and width of what a cell sees of the network's input, in its pixels."""
    return field_sizes.field_size(loaded.checkpoint, layer)


def reached(loaded: Loaded, layer: str, channel: int) -> Reached | None:
    """The most that a channel answers to the images of its real patches with; None where none excites it."""
    return examples.reached(examples.of_layer(loaded, layer), channel)


def _blank(loaded: Loaded) -> Tensor:
    checkpoint = loaded.checkpoint
    preprocess, like = checkpoint.card.preprocess, next(checkpoint.model.parameters())
    return torch.zeros(1, len(preprocess.mean), *preprocess.input_size).to(like)


@st.cache_resource(max_entries=16, show_spinner=False)
def _class_weights(name: str, stamp: float, layer: str, _loaded: Loaded) -> Weights | None:  # noqa: ARG001 (the key of the cache)
    return class_weights.class_weights(_loaded.checkpoint, layer)


@st.cache_resource(max_entries=16, show_spinner=False)
def _filters(name: str, stamp: float, layer: str, _loaded: Loaded) -> Filters | None:  # noqa: ARG001 (the key of the cache)
    try:
        return kernels.filters_of(_loaded.checkpoint.model, layer, _blank(_loaded))
    except LayerError:
        return None
