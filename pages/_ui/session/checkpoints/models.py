"""Checkpoints in memory."""

from dataclasses import dataclass

import streamlit as st
from PIL import Image
from torch import Tensor

from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.device import usable_device
from core.errors import CheckpointError
from core.explain.network.layers import Layer
from core.explanation.asking import explain, layers_of, methods_of
from core.explanation.question import Question
from pages._ui.session.question.photos import Photo, upright

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A checkpoint in memory, its layers and methods of explanation, and its stamp for the keys of caches."""

    checkpoint: Checkpoint
    layers: list[Layer]
    methods: tuple[str, ...]
    stamp: float

    @property
    def scope(self) -> str:
        """The checkpoint's name, and after a slash that of the auxiliary head; keys of pickers and caches."""
        return "/".join(filter(None, (self.checkpoint.name, self.checkpoint.auxiliary)))


def load(name: str) -> Loaded:
    """The checkpoint ``name``, from memory if its folder has not changed."""
    stamp = (store.find(name) / paths.CARD).stat().st_mtime
    return _loaded(name, stamp)


def ending_in(loaded: Loaded, auxiliary: str) -> Loaded:
    """The checkpoint with the class scores of an auxiliary head; the empty name leaves it as it is."""
    return _ending_in(loaded.checkpoint.name, loaded.stamp, auxiliary) if auxiliary else loaded


def batch_of(photo: Photo, loaded: Loaded) -> Tensor:
    """A photo as the checkpoint's input (1, channels, H, W), preprocessed once."""
    return _batch(photo.digest, loaded.checkpoint.name, loaded.stamp, photo.data)


def chosen_checkpoint() -> str:
    """The checkpoint that the sidebar has chosen; the first where that has been deleted.

    Raises:
        CheckpointError: there is none.
    """
    names, chosen = store.available(), st.session_state.get(CHECKPOINT)
    if not names:
        raise CheckpointError("there is no model yet; train one, or bring your own")
    return str(chosen) if chosen in names else names[0]


def choose_checkpoint(name: str) -> None:
    """Choose this checkpoint; before the sidebar is drawn."""
    st.session_state[CHECKPOINT] = name


def hold_linked_checkpoint() -> None:
    """Choose the checkpoint that the address of a new session names; before the sidebar is drawn.

    A widget's value that only the address holds is lost when the page changes.
    """
    linked = linked_checkpoint()
    if CHECKPOINT not in st.session_state and linked in store.available():
        choose_checkpoint(str(linked))


def linked_checkpoint() -> str | None:
    """The checkpoint that the address names; before the sidebar is drawn."""
    return st.query_params.get(CHECKPOINT)


@st.cache_resource(max_entries=2, show_spinner="Loading the model…")
def _loaded(name: str, stamp: float) -> Loaded:
    device, _ = usable_device(None)
    checkpoint = store.load_for_speed(store.find(name), device=device)
    layers = layers_of(checkpoint)
    # One pass, so that the first photo does not wait for the libraries to warm up.
    blank = Image.new("RGB", checkpoint.card.preprocess.input_size)
    explain(checkpoint, checkpoint.card.preprocess.batch([blank]), Question(target_layers=(layers[0].name,)))
    return Loaded(checkpoint, layers, methods_of(checkpoint), stamp)


@st.cache_resource(max_entries=2, show_spinner=False)
def _ending_in(name: str, stamp: float, auxiliary: str) -> Loaded:
    checkpoint = store.ending_in(_loaded(name, stamp).checkpoint, auxiliary)
    return Loaded(checkpoint, layers_of(checkpoint), methods_of(checkpoint), stamp)


@st.cache_data(max_entries=128, show_spinner=False)
def _batch(digest: str, name: str, stamp: float, _data: bytes) -> Tensor:
    return _loaded(name, stamp).checkpoint.card.preprocess.batch([upright(Photo(digest, "", _data))])
