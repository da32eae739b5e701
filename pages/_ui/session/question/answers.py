"""Explanations of photos that are cached, and the forward passes from which more can be computed."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import streamlit as st
from torch import Tensor

from core.explain.network.layers import default_layer
from core.explanation.answer import Explanation
from core.explanation.asking import explain
from core.explanation.forward_pass import ForwardPass, forward_pass
from core.explanation.forward_pass import answers as answers_from
from core.explanation.question import Question
from pages._ui.session.checkpoints.models import Loaded, batch_of
from pages._ui.session.question.photos import Photo

_MAX_ANSWERS, _MAX_LOGITS = 256, 256
# A pass holds the activations of a whole network: 70 MB for EfficientNet-Lite0, hundreds for large networks.
_MAX_PASSES, _MOST_BYTES = 2, 256 * 2**20

_Key = tuple[object, ...]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """A cache that all sessions share; the oldest entries go first."""

    explanations: OrderedDict[_Key, Explanation] = field(default_factory=OrderedDict)
    logits: OrderedDict[_Key, Tensor] = field(default_factory=OrderedDict)
    passes: OrderedDict[_Key, ForwardPass] = field(default_factory=OrderedDict)
    guard: threading.Lock = field(default_factory=threading.Lock)


def logits(photo: Photo, loaded: Loaded, layers: Sequence[str]) -> Tensor:
    """The logits (C,) for a photo. The layers that will be asked about next are recorded in the same pass."""
    key = _key(photo, loaded)
    known = _kept().logits.get(key)
    if known is not None:
        return known
    if loaded.checkpoint.device == "cpu":
        given = _passed(photo, loaded, layers).traced.logits[0].detach().float()
    else:
        usual = Question(target_layers=tuple(layers) or (default_layer(loaded.layers),))
        given = answers(photo, loaded, usual)[0].logits
    _keep(_kept().logits, key, given, _MAX_LOGITS)
    return given


def answers(
    photo: Photo,
    loaded: Loaded,
    question: Question,
    on_progress: Callable[[float], None] = lambda _share: None,
) -> tuple[Explanation, ...]:
    """An explanation for each score, computed once per photo, checkpoint and question for all sessions.

    Those that are not known yet share one forward pass. On a CPU it is the one that was kept from the last
    question about the photo, if that recorded the layers.
    """
    known = {score: _known(photo, loaded, replace(question, scores=(score,))) for score in question.scores}
    explanations = {score: explanation for score, explanation in known.items() if explanation is not None}
    missing = tuple(score for score in known if score not in explanations)
    if missing:
        computed = _computed(photo, loaded, replace(question, scores=missing), on_progress)
        for score, explanation in zip(missing, computed, strict=True):
            key = _key(photo, loaded, replace(question, scores=(score,)))
            _keep(_kept().explanations, key, explanation, _MAX_ANSWERS)
            explanations[score] = explanation
    return tuple(explanations[score] for score in question.scores)


def soonest(photo: Photo, loaded: Loaded, question: Question, layer: str) -> Explanation:
    """The answer to a question with one score as soon as it has the map of ``layer``.

    The map of the last layer to run needs little more than the forward pass; those of early layers need
    nearly as much again.
    """
    order = [each.name for each in loaded.layers if each.name in question.target_layers]
    is_cheap = loaded.checkpoint.device == "cpu" and order[-1:] == [layer]
    if is_cheap and not is_answered(photo, loaded, question):
        question = replace(question, target_layers=(layer,))
    return answers(photo, loaded, question)[0]


def is_answered(photo: Photo, loaded: Loaded, question: Question) -> bool:
    """Whether `answers` would return at once."""
    alone = (replace(question, scores=(score,)) for score in question.scores)
    return all(_known(photo, loaded, each) is not None for each in alone)


def _computed(
    photo: Photo, loaded: Loaded, question: Question, on_progress: Callable[[float], None]
) -> tuple[Explanation, ...]:
    if loaded.checkpoint.device == "cpu":
        layers = question.target_layers if question.needs_layer else ()
        return answers_from(_passed(photo, loaded, layers), question, on_progress)[0]
    # On a GPU a pass takes milliseconds, and memory is scarce.
    return explain(loaded.checkpoint, batch_of(photo, loaded), question, on_progress=on_progress)[0]


def _passed(photo: Photo, loaded: Loaded, layers: Sequence[str]) -> ForwardPass:
    """The cached forward pass, if it recorded the layers; else a new one that records the layers of both."""
    key, passes = _key(photo, loaded), _kept().passes
    kept = passes.get(key)
    recorded = () if kept is None else tuple(kept.traced.activations)
    if kept is not None and set(layers) <= set(recorded):
        return kept
    together = tuple(dict.fromkeys((*recorded, *layers)))
    passed = forward_pass(loaded.checkpoint, batch_of(photo, loaded), together)
    _keep(passes, key, passed, _MAX_PASSES)
    _drop_older(passes)
    return passed


def _drop_older(passes: OrderedDict[_Key, ForwardPass]) -> None:
    """Drop the oldest passes while all together hold too many bytes; the newest always stays."""
    with _kept().guard:
        while len(passes) > 1 and sum(each.num_bytes() for each in passes.values()) > _MOST_BYTES:
            passes.popitem(last=False)


def _known(photo: Photo, loaded: Loaded, question: Question) -> Explanation | None:
    return _kept().explanations.get(_key(photo, loaded, question))


def _keep(place: OrderedDict[_Key, Value], key: _Key, value: Value, most: int) -> None:
    with _kept().guard:
        place[key] = value
        place.move_to_end(key)
        while len(place) > most:
            place.popitem(last=False)


def _key(photo: Photo, loaded: Loaded, *about: object) -> _Key:
    return photo.digest, loaded.scope, loaded.stamp, *about


@st.cache_resource(max_entries=1, show_spinner=False)
def _kept() -> _Kept:
    return _Kept()
