"""Checkpoints in memory, and what they have answered."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from PIL import Image
from torch import Tensor

from core import checkpoint as checkpoints
from core.checkpoint import Checkpoint
from core.device import usable_device
from core.explanation import Explanation, Question, explain, layers_of
from core.layers import Layer
from pages._ui.state.photos import Photo, upright

CHECKPOINT, METHOD = "checkpoint", "method"
_MAX_ANSWERS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A checkpoint in memory, the layers that can be explained, and its stamp for the keys of caches."""

    checkpoint: Checkpoint
    layers: list[Layer]
    stamp: float


def load(name: str) -> Loaded:
    """The checkpoint ``name``, from memory if its folder has not changed."""
    stamp = (checkpoints.find(name) / checkpoints.CARD).stat().st_mtime
    return _loaded(name, stamp)


def answer(
    photo: Photo,
    loaded: Loaded,
    question: Question,
    on_progress: Callable[[float], None] = lambda _share: None,
) -> Explanation:
    """The explanation of one photo, computed once per photo, checkpoint and question for all sessions."""
    answers, guard = _answers()
    key = (photo.digest, loaded.checkpoint.name, loaded.stamp, question)
    if key not in answers:
        batch = _batch(photo.digest, loaded.checkpoint.name, loaded.stamp, photo.data)
        found = explain(loaded.checkpoint, batch, question, on_progress=on_progress)[0]
        with guard:
            answers[key] = found
            while len(answers) > _MAX_ANSWERS:
                answers.popitem(last=False)
        return found
    return answers[key]


def is_answered(photo: Photo, loaded: Loaded, question: Question) -> bool:
    """Whether `answer` would come at once."""
    return (photo.digest, loaded.checkpoint.name, loaded.stamp, question) in _answers()[0]


def choose_checkpoint(name: str) -> None:
    """Let this checkpoint answer from now on; before the sidebar is drawn."""
    st.session_state[CHECKPOINT] = name


def linked_checkpoint() -> str | None:
    """The checkpoint that the address names; before the sidebar is drawn."""
    return st.query_params.get(CHECKPOINT)


@st.cache_resource(max_entries=2, show_spinner="Loading the model…")
def _loaded(name: str, stamp: float) -> Loaded:
    device, _ = usable_device(None)
    checkpoint = checkpoints.load_for_speed(checkpoints.find(name), device=device)
    layers = layers_of(checkpoint)
    # Once through, so that the first photo does not wait for the libraries to warm up.
    blank = Image.new("RGB", checkpoint.card.preprocess.input_size)
    explain(checkpoint, checkpoint.card.preprocess.batch([blank]), Question(target_layers=(layers[0].name,)))
    return Loaded(checkpoint, layers, stamp)


@st.cache_resource(max_entries=1)
def _answers() -> tuple[OrderedDict[tuple[object, ...], Explanation], threading.Lock]:
    return OrderedDict(), threading.Lock()


@st.cache_data(max_entries=128, show_spinner=False)
def _batch(digest: str, name: str, stamp: float, _data: bytes) -> Tensor:
    return _loaded(name, stamp).checkpoint.card.preprocess.batch([upright(Photo(digest, "", _data))])
