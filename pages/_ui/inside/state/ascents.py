"""Pictures of ascent: those that are kept, and those that are being made."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import streamlit as st

from core.explain.ascent import Ascended
from core.inside.ascents import pictures
from core.inside.ascents.pictures import AscentQuestion
from pages._ui.session.models import Loaded

_STOPPED, _FILLING = "ascent_stopped", "ascent_filling"
_MAX_PICTURES, _STEP_S, _WHILE_S = 512, 0.2, 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A channel of a checkpoint's layer, and how it is ascended."""

    loaded: Loaded
    layer: str
    channel: int
    method: str

    @property
    def key(self) -> tuple[object, ...]:
        """What distinguishes it."""
        checkpoint = self.loaded.checkpoint
        return checkpoint.name, self.loaded.stamp, self.layer, self.channel, self.method


@dataclass(slots=True, eq=False)
class _Climb:
    """A picture that is being made, of whose steps a ``share`` is done, and how many sessions wait for it."""

    made: Future[None] = field(init=False)
    share: float = 0.0
    num_waiting: int = 0
    is_stopped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Ascents:
    """Pictures in memory, those that are being made, and the one thread that makes them."""

    pictures: OrderedDict[tuple[object, ...], Ascended] = field(default_factory=OrderedDict)
    under_way: dict[tuple[object, ...], _Climb] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)
    # One: a second would make both slower.
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "ascent"))

    def go_on(self, climb: _Climb, share: float) -> None:
        """Take note of a step; raises `_UnwantedError` where nobody waits for any more."""
        climb.share = share
        with self.guard:
            others = any(each.num_waiting for each in self.under_way.values())
            if climb.num_waiting == 0 and (climb.is_stopped or others):
                raise _UnwantedError


class _UnwantedError(Exception):
    """Ends an ascent whose picture nobody waits for."""


def kept(place: Place) -> Ascended | None:
    """The picture of a channel, if it has been made before: by this session, another, or the command line."""
    known = _ascents().pictures
    if place.key in known:
        return known[place.key]
    on_disk = next(pictures.kept(place.loaded.checkpoint, _question(place)), None)
    return None if on_disk is None else _remember(place, on_disk, _ascents())


def made(place: Place, on_share: Callable[[float], object]) -> Ascended:
    """The picture of a channel, if need be made in a thread of its own, after those asked for before.

    ``on_share`` hears the share of its steps that are done, a few times a second. If it raises, as it does
    after a click anywhere, the thread goes on, unless somebody stops it or waits for another picture.
    """
    while (found := kept(place)) is None:
        climb = _joined(place, _ascents())
        try:
            while not climb.made.done():
                on_share(climb.share)
                wait([climb.made], _STEP_S)
        finally:
            _leave(climb, _ascents())
        climb.made.result()
    return found


def for_a_while(places: Sequence[Place]) -> Iterator[Place]:
    """The channels one after another, until about a second has passed; at least the first."""
    started = time.monotonic()
    for place in places:
        yield place
        if time.monotonic() - started > _WHILE_S:
            return


def stop(place: Place) -> None:
    """Make no picture of this channel until somebody wants it again."""
    st.session_state[_STOPPED] = place.key
    under_way = _ascents().under_way.get(place.key)
    if under_way is not None:
        under_way.is_stopped = True


def start() -> None:
    """Make the picture that was stopped after all."""
    st.session_state.pop(_STOPPED, None)


def is_stopped(place: Place) -> bool:
    """Whether somebody has stopped this picture, and no other since."""
    return bool(st.session_state.get(_STOPPED) == place.key)


def forget() -> None:
    """Keep pictures on disk only."""
    _ascents.clear()


def start_filling(scope: Sequence[object]) -> None:
    """Make the pictures of all channels on a page, of which ``scope`` is the layer, the method and more."""
    st.session_state[_FILLING] = tuple(scope)


def stop_filling() -> None:
    """Make no more of them."""
    st.session_state.pop(_FILLING, None)


def is_filling(scope: Sequence[object]) -> bool:
    """Whether they are being made; looking at another page of channels ends that."""
    if st.session_state.get(_FILLING) == tuple(scope):
        return True
    stop_filling()
    return False


def _question(place: Place) -> AscentQuestion:
    return pictures.question(place.loaded.checkpoint, place.layer, [place.channel], method=place.method)


def _joined(place: Place, ascents: _Ascents) -> _Climb:
    """The climb that makes this picture, which one more session waits for."""
    with ascents.guard:
        climb = ascents.under_way.get(place.key)
        if climb is None:
            climb = ascents.under_way[place.key] = _Climb()
            climb.made = ascents.pool.submit(_make, place, climb, ascents)
        climb.num_waiting += 1
        climb.is_stopped = False
        return climb


def _leave(climb: _Climb, ascents: _Ascents) -> None:
    with ascents.guard:
        climb.num_waiting -= 1


# In the thread, which has no session: nothing of Streamlit may be asked there.
def _make(place: Place, climb: _Climb, ascents: _Ascents) -> None:
    """Make a picture, or leave it where nobody wants it any more: whoever comes later begins anew."""
    go_on = partial(ascents.go_on, climb)
    try:
        with suppress(_UnwantedError):
            go_on(0)
            for found in pictures.ascended(place.loaded.checkpoint, _question(place), on_progress=go_on):
                _remember(place, found, ascents)
    finally:
        with ascents.guard:
            del ascents.under_way[place.key]


def _remember(place: Place, found: Ascended, ascents: _Ascents) -> Ascended:
    with ascents.guard:
        ascents.pictures[place.key] = found
        while len(ascents.pictures) > _MAX_PICTURES:
            ascents.pictures.popitem(last=False)
    return found


@st.cache_resource(max_entries=1, show_spinner=False)
def _ascents() -> _Ascents:
    return _Ascents()
