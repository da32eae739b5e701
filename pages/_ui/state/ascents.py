"""Pictures of filter ascent: those that are kept, and those that are being made."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import streamlit as st

from core.explain.ascent import Ascended
from core.inside import filter_cache, filters
from core.inside.filters import Question
from pages._ui.state.models import Loaded

# A name in the address.
METHOD = "ascent"
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


@dataclass(frozen=True, slots=True, eq=False)
class _Ascents:
    """Pictures in memory, those that are being made, and the one thread that makes them."""

    pictures: OrderedDict[tuple[object, ...], Ascended] = field(default_factory=OrderedDict)
    under_way: dict[tuple[object, ...], Future[Ascended]] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)
    # One: a second would make both slower, and whoever has gone on keeps the others waiting at most once.
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "ascent"))


def kept(place: Place) -> Ascended | None:
    """The picture of a channel, if it has been made before: by this session, another, or the command line."""
    known = _ascents().pictures
    if place.key in known:
        return known[place.key]
    asked = _question(place)
    card = place.loaded.checkpoint.card
    key = filter_cache.key_of(card, place.layer, place.channel, asked.settings)
    found = filters.user_cache().read(key)
    return None if found is None else _remember(place, found, _ascents())


def climb(place: Place) -> Future[Ascended]:
    """The picture of a channel as it is made, in a thread of its own, after those asked for before."""
    ascents = _ascents()
    with ascents.guard:
        before = ascents.under_way.get(place.key)
        if before is not None and not before.done():
            return before
        for key in [key for key, each in ascents.under_way.items() if each.done()]:
            del ascents.under_way[key]
        ascents.under_way[place.key] = ascents.pool.submit(_made, place, ascents)
        return ascents.under_way[place.key]


def seconds_until_done(made: Future[Ascended]) -> Iterator[float]:
    """The seconds since the call, a few times a second, until it is done.

    Closed before that, as a click anywhere does, it gives up what has not been begun.
    """
    started = time.monotonic()
    try:
        while not made.done():
            yield time.monotonic() - started
            wait([made], _STEP_S)
    finally:
        made.cancel()


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


def _question(place: Place) -> Question:
    return filters.question(place.loaded.checkpoint, place.layer, [place.channel], method=place.method)


# In the thread, which has no session: nothing of Streamlit may be asked there.
def _made(place: Place, ascents: _Ascents) -> Ascended:
    found = list(filters.ascended(place.loaded.checkpoint, _question(place)))
    return _remember(place, found[0], ascents)


def _remember(place: Place, found: Ascended, ascents: _Ascents) -> Ascended:
    with ascents.guard:
        ascents.pictures[place.key] = found
        while len(ascents.pictures) > _MAX_PICTURES:
            ascents.pictures.popitem(last=False)
    return found


@st.cache_resource(max_entries=1, show_spinner=False)
def _ascents() -> _Ascents:
    return _Ascents()
