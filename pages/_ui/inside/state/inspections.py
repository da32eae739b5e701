"""Activations and contributions for a photo, layer by layer: computed once, shared by all sessions."""

from dataclasses import dataclass

import streamlit as st
from torch import Tensor

from core.evaluation.metrics import distinct_names
from core.inside import network_map
from core.inside.channels import inspection
from core.inside.channels.inspection import Inspection, Sparsity, Stage
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.question.photos import Photo, upright

Key = tuple[str, str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A photo, and the network that it is shown to."""

    photo: Photo
    loaded: Loaded

    @property
    def key(self) -> Key:
        """What distinguishes it."""
        return self.photo.digest, self.loaded.checkpoint.name, self.loaded.stamp

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, all different: equal names get their index behind them."""
        return distinct_names(self.loaded.checkpoint.card.class_names)


def inspect(look: Look, layer: str, class_idx: int | None = None) -> Inspection:
    """A layer for a photo, and what its channels contribute to a class; None is the predicted class."""
    return _inspection(look.key, layer, class_idx, look)


def column(look: Look) -> list[Stage]:
    """The strongest channels of each stage."""
    return _column(look.key, look)


def sparsity(look: Look) -> list[Sparsity]:
    """The share of zeros of each rectified layer."""
    return _sparsity(look.key, look)


def parameters_by_stage(loaded: Loaded) -> list[int]:
    """The number of parameters of each stage."""
    return _parameters(loaded.checkpoint.name, loaded.stamp, loaded)


# A layer of VGG-16 takes 13 MB.
@st.cache_resource(max_entries=12, show_spinner=False)
def _inspection(key: Key, layer: str, class_idx: int | None, _look: Look) -> Inspection:
    return inspection.inspect(_look.loaded.checkpoint, _batch(key, _look), layer, class_idx)[0]


@st.cache_resource(max_entries=32, show_spinner=False)
def _column(key: Key, _look: Look) -> list[Stage]:
    return inspection.column(_look.loaded.checkpoint, _batch(key, _look), _look.loaded.layers)


@st.cache_resource(max_entries=64, show_spinner=False)
def _sparsity(key: Key, _look: Look) -> list[Sparsity]:
    return inspection.sparsity_by_depth(_look.loaded.checkpoint, _batch(key, _look), _look.loaded.layers)


@st.cache_data(max_entries=16, show_spinner=False)
def _parameters(name: str, stamp: float, _loaded: Loaded) -> list[int]:  # noqa: ARG001 (the key of the cache)
    return network_map.parameters_by_stage(_loaded.checkpoint.model, _loaded.layers)


# The twin of `pages._ui.session.checkpoints.models._batch`.
@st.cache_resource(max_entries=16, show_spinner=False)
def _batch(key: Key, _look: Look) -> Tensor:  # noqa: ARG001 (the key of the cache)
    return _look.loaded.checkpoint.card.preprocess.batch([upright(_look.photo)])
