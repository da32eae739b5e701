"""Checkpoints in memory, and what they have answered."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import streamlit as st
from PIL import Image
from torch import Tensor

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.device import usable_device
from core.errors import CheckpointError
from core.explain.network.layers import Layer
from core.explanation.explanation import Explanation, Question, explain, explain_in_steps, layers_of
from pages._ui.session.photos import Photo, upright

CHECKPOINT = "checkpoint"
_MAX_ANSWERS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A checkpoint in memory, the layers that can be explained, and its stamp for the keys of caches."""

    checkpoint: Checkpoint
    layers: list[Layer]
    stamp: float


def load(name: str) -> Loaded:
    """The checkpoint ``name``, from memory if its folder has not changed."""
    stamp = (store.find(name) / store.CARD).stat().st_mtime
    return _loaded(name, stamp)


@dataclass(slots=True)
class Answering:
    """An answer in steps: with one map first, then with those of all layers; at once where it is known."""

    photo: Photo
    loaded: Loaded
    question: Question
    _steps: Iterator[Explanation] | None = None

    def first(self) -> Explanation:
        """The answer with the map that comes first."""
        return self._known(self.question.target_layers) or self._next()

    def at(self, layer: str) -> Explanation:
        """The answer as soon as it has the map of this layer."""
        found = self._known((layer,)) or self._next()
        return found if layer in found.maps else self.whole()

    def whole(self) -> Explanation:
        """The answer with the maps of all layers that the question names."""
        found = self._known(())
        while found is None or len(found.maps) < len(self.question.target_layers):
            found = self._next()
        return found

    def _known(self, layers: tuple[str, ...]) -> Explanation | None:
        """All of it if that is known, else what is known of one of these layers."""
        alone = [replace(self.question, target_layers=(layer,)) for layer in reversed(layers)]
        known = (_known(self.photo, self.loaded, question) for question in (self.question, *alone))
        return next(filter(None, known), None)

    def _next(self) -> Explanation:
        if self._steps is None:
            loaded = self.loaded
            batch = _batch(self.photo.digest, loaded.checkpoint.name, loaded.stamp, self.photo.data)
            self._steps = explain_in_steps(loaded.checkpoint, batch, self.question)
        found = next(self._steps)
        is_whole = len(found.maps) >= len(self.question.target_layers)
        question = self.question if is_whole else replace(self.question, target_layers=tuple(found.maps))
        _keep(self.photo, self.loaded, question, found)
        return found


def answer(
    photo: Photo,
    loaded: Loaded,
    question: Question,
    on_progress: Callable[[float], None] = lambda _share: None,
) -> Explanation:
    """The explanation of one photo, computed once per photo, checkpoint and question for all sessions."""
    found = _known(photo, loaded, question)
    if found is None:
        batch = _batch(photo.digest, loaded.checkpoint.name, loaded.stamp, photo.data)
        found = explain(loaded.checkpoint, batch, question, on_progress=on_progress)[0]
        _keep(photo, loaded, question, found)
    return found


def is_answered(photo: Photo, loaded: Loaded, question: Question) -> bool:
    """Whether `answer` would come at once."""
    return _known(photo, loaded, question) is not None


def _known(photo: Photo, loaded: Loaded, question: Question) -> Explanation | None:
    return _answers()[0].get(_key(photo, loaded, question))


def _keep(photo: Photo, loaded: Loaded, question: Question, found: Explanation) -> None:
    answers, guard = _answers()
    with guard:
        answers[_key(photo, loaded, question)] = found
        while len(answers) > _MAX_ANSWERS:
            answers.popitem(last=False)


def _key(photo: Photo, loaded: Loaded, question: Question) -> tuple[object, ...]:
    return photo.digest, loaded.checkpoint.name, loaded.stamp, question


def chosen_checkpoint() -> str:
    """The checkpoint that the sidebar has chosen; the first where that has been deleted.

    Raises:
        CheckpointError: there is none.
    """
    names, chosen = store.available(), st.session_state.get(CHECKPOINT)
    if not names:
        raise CheckpointError("there is no network yet; train one, or bring your own")
    return str(chosen) if chosen in names else names[0]


def choose_checkpoint(name: str) -> None:
    """Let this checkpoint answer from now on; before the sidebar is drawn."""
    st.session_state[CHECKPOINT] = name


def linked_checkpoint() -> str | None:
    """The checkpoint that the address names; before the sidebar is drawn."""
    return st.query_params.get(CHECKPOINT)


@st.cache_resource(max_entries=2, show_spinner="Loading the model…")
def _loaded(name: str, stamp: float) -> Loaded:
    device, _ = usable_device(None)
    checkpoint = store.load_for_speed(store.find(name), device=device)
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
