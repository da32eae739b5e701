"""What a channel's card shows beside its activations: computed once, then shared by all sessions."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.errors import LayerError
from core.inside import field_sizes
from core.inside.channels import class_weights
from core.inside.channels.class_weights import SpokenFor
from core.inside.filters import kernels
from core.inside.filters.kernels import Filters
from core.inside.filters.one_filter import ChannelFilter, channel_filter
from pages._ui.session.checkpoints.models import Loaded

Weights = NDArray[np.float32]


def spoken_for(loaded: Loaded, layer: str, channel: int) -> SpokenFor | None:
    """The classes with the head's largest and smallest weights; None where it does not read this layer."""
    weights = _class_weights(loaded.checkpoint.name, loaded.stamp, layer, loaded)
    return None if weights is None else class_weights.spoken_for(weights, channel)


def filters_of(loaded: Loaded, layer: str) -> Filters | None:
    """The filters that make a layer's channels; None where no single filter makes one."""
    return _filters(loaded.checkpoint.name, loaded.stamp, layer, loaded)


def filter_of(filters: Filters, channel: int) -> ChannelFilter:
    """A channel's own filter, drawn."""
    return channel_filter(filters, channel)


def field_size(loaded: Loaded, layer: str) -> tuple[int, int]:
    """Height and width of a cell's receptive field, in pixels of the network's input."""
    return field_sizes.field_size(loaded.checkpoint, layer)


@st.cache_resource(max_entries=16, show_spinner=False)
def _class_weights(name: str, stamp: float, layer: str, _loaded: Loaded) -> Weights | None:  # noqa: ARG001 (the key of the cache)
    return class_weights.class_weights(_loaded.checkpoint, layer)


@st.cache_resource(max_entries=16, show_spinner=False)
def _filters(name: str, stamp: float, layer: str, _loaded: Loaded) -> Filters | None:  # noqa: ARG001 (the key of the cache)
    try:
        checkpoint = _loaded.checkpoint
        return kernels.filters_of(checkpoint.model, layer, checkpoint.blank_input())
    except LayerError:
        return None
