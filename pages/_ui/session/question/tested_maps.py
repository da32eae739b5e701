"""Which maps have been tested, and whether maps are tested unasked."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import streamlit as st

from core.explanation.answer import Explanation
from core.explanation.trust import Trust, trust
from pages._ui.session.checkpoints.models import Loaded, batch_of
from pages._ui.session.question.photos import Photo

VARIABLE = "SEEWHY_TEST_MAPS"
_TESTING, _DUE = "test_maps", "tests_due"
_MOST = 256


class _Key(NamedTuple):
    """The photo and score that a test is about, which its references are about too, and the map."""

    score: tuple[object, ...]
    shown: tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """Tests of maps for all sessions; the oldest go first. None stands for a map with nothing to test."""

    trusted: OrderedDict[_Key, Trust | None] = field(default_factory=OrderedDict)
    guard: threading.Lock = field(default_factory=threading.Lock)


def are_wanted() -> bool:
    """Whether this session has its maps tested unasked; at first, unless ``SEEWHY_TEST_MAPS`` is 0."""
    usual = os.environ.get(VARIABLE, "").strip().lower() not in ("0", "no", "false")
    return bool(st.session_state.setdefault(_TESTING, usual))


def want(*, tests: bool) -> None:
    """Have maps tested unasked from now on, or not."""
    st.session_state[_TESTING] = tests


def put_off(test: Callable[[], None]) -> None:
    """Run this test at the end of the page, see `at_the_end`."""
    st.session_state[_DUE].append(test)


@contextmanager
def at_the_end() -> Iterator[None]:
    """Run the tests that are put off in the block once it ends, if it ends well."""
    due: list[Callable[[], None]] = []
    st.session_state[_DUE] = due
    yield
    for test in due:
        test()


def give_way() -> None:
    """End this run here if a click has asked for another: Streamlit looks whenever state is read."""
    st.session_state.get(_TESTING)


def is_tested(photo: Photo, loaded: Loaded, answer: Explanation, layer: str) -> bool:
    """Whether `trust_of` would return at once."""
    return _key(photo, loaded, answer, layer) in _kept().trusted


def trust_of(
    photo: Photo,
    loaded: Loaded,
    answer: Explanation,
    layer: str,
    on_share: Callable[[float], None] = lambda _share: None,
) -> Trust | None:
    """The test of a map, made once for all sessions; None for a map with nothing to test."""
    key = _key(photo, loaded, answer, layer)
    if key not in _kept().trusted:
        alone = replace(answer, maps={layer: answer.maps[layer]})
        beside = _beside(photo, loaded, answer)
        made = trust(loaded.checkpoint, batch_of(photo, loaded), alone, beside=beside, on_share=on_share)
        _keep(key, made.get(layer))
    return _kept().trusted[key]


def _beside(photo: Photo, loaded: Loaded, answer: Explanation) -> list[Trust]:
    """The tests of other maps of this photo for the same score: theirs are the references of the next one."""
    alike = _key(photo, loaded, answer, "").score
    with _kept().guard:
        return [made for key, made in _kept().trusted.items() if key.score == alike and made is not None]


def _keep(key: _Key, made: Trust | None) -> None:
    with _kept().guard:
        _kept().trusted[key] = made
        while len(_kept().trusted) > _MOST:
            _kept().trusted.popitem(last=False)


def _key(photo: Photo, loaded: Loaded, answer: Explanation, layer: str) -> _Key:
    about = (answer.class_idx, answer.against)
    return _Key((photo.digest, loaded.scope, loaded.stamp, *about), (answer.method, layer))


@st.cache_resource(max_entries=1, show_spinner=False)
def _kept() -> _Kept:
    return _Kept()
