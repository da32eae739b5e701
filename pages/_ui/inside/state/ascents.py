"""Ascent images: the finished ones, and those that are being made."""

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
from core.inside.ascents import images
from core.inside.ascents.images import AscentQuestion
from pages._ui.session.checkpoints.models import Loaded

_STOPPED, _FILLING = "ascent_stopped", "ascent_filling"
_MAX_PICTURES, _STEP_S, _WHILE_S = 512, 0.2, 1.0


@dataclass(frozen=True, slots=True, eq=False)
class AscentTarget:
    """A channel of a checkpoint's layer, and the ascent method."""

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
    """An image that is being made: the ``share`` of its steps that is done, and how many sessions wait."""

    made: Future[None] = field(init=False)
    share: float = 0.0
    num_waiting: int = 0
    is_stopped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Ascents:
    """The images in memory, those being made, and the one thread that makes them."""

    pictures: OrderedDict[tuple[object, ...], Ascended] = field(default_factory=OrderedDict)
    under_way: dict[tuple[object, ...], _Climb] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)
    # One: a second would make both slower.
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "ascent"))

    def go_on(self, climb: _Climb, share: float) -> None:
        """Record a step; raises `_UnwantedError` where no session waits for the image any more."""
        climb.share = share
        with self.guard:
            others = any(each.num_waiting for each in self.under_way.values())
            if climb.num_waiting == 0 and (climb.is_stopped or others):
                raise _UnwantedError


class _UnwantedError(Exception):
    """Ends an ascent whose image no session waits for."""


def kept(target: AscentTarget) -> Ascended | None:
    """The image of a channel, if it has been made before: by this session, another, or the command line."""
    known = _ascents().pictures
    if target.key in known:
        return known[target.key]
    on_disk = next(images.kept(target.loaded.checkpoint, _question(target)), None)
    return None if on_disk is None else _remember(target, on_disk, _ascents())


def made(target: AscentTarget, on_share: Callable[[float], object]) -> Ascended:
    """The image of a channel; unless it is cached, a thread makes it after those requested before.

    ``on_share`` gets the share of its steps that are done, a few times a second. If it raises, as it does
    after a click anywhere, the thread goes on until it is stopped or a session waits for another image.
    """
    while (image := kept(target)) is None:
        climb = _joined(target, _ascents())
        try:
            while not climb.made.done():
                on_share(climb.share)
                wait([climb.made], _STEP_S)
        finally:
            _leave(climb, _ascents())
        climb.made.result()
    return image


def for_a_while(targets: Sequence[AscentTarget]) -> Iterator[AscentTarget]:
    """The channels one after another, until about a second has passed; at least the first."""
    started = time.monotonic()
    for target in targets:
        yield target
        if time.monotonic() - started > _WHILE_S:
            return


def stop(target: AscentTarget) -> None:
    """Make no image of this channel until it is started again."""
    st.session_state[_STOPPED] = target.key
    under_way = _ascents().under_way.get(target.key)
    if under_way is not None:
        under_way.is_stopped = True


def start() -> None:
    """Make the image that was stopped."""
    st.session_state.pop(_STOPPED, None)


def is_stopped(target: AscentTarget) -> bool:
    """Whether this image is the last one that the session stopped."""
    return bool(st.session_state.get(_STOPPED) == target.key)


def forget() -> None:
    """Keep images on disk only."""
    _ascents.clear()


def start_filling(scope: Sequence[object]) -> None:
    """Make the images of all channels on a page; ``scope`` distinguishes the page from others."""
    st.session_state[_FILLING] = tuple(scope)


def stop_filling() -> None:
    """Make no more images of the page."""
    st.session_state.pop(_FILLING, None)


def is_filling(scope: Sequence[object]) -> bool:
    """Whether this page is being filled; opening another page of channels ends that."""
    if st.session_state.get(_FILLING) == tuple(scope):
        return True
    stop_filling()
    return False


def _question(target: AscentTarget) -> AscentQuestion:
    return images.question(target.loaded.checkpoint, target.layer, [target.channel], method=target.method)


def _joined(target: AscentTarget, ascents: _Ascents) -> _Climb:
    """The climb that makes this image, with one more session waiting."""
    with ascents.guard:
        climb = ascents.under_way.get(target.key)
        if climb is None:
            climb = ascents.under_way[target.key] = _Climb()
            climb.made = ascents.pool.submit(_make, target, climb, ascents)
        climb.num_waiting += 1
        climb.is_stopped = False
        return climb


def _leave(climb: _Climb, ascents: _Ascents) -> None:
    with ascents.guard:
        climb.num_waiting -= 1


# Runs in the thread, which has no session: it must not call Streamlit.
def _make(target: AscentTarget, climb: _Climb, ascents: _Ascents) -> None:
    """Make an image; give up where no session waits any more, and the next request starts again."""
    go_on = partial(ascents.go_on, climb)
    try:
        with suppress(_UnwantedError):
            go_on(0)
            for image in images.ascended(target.loaded.checkpoint, _question(target), on_progress=go_on):
                _remember(target, image, ascents)
    finally:
        with ascents.guard:
            del ascents.under_way[target.key]


def _remember(target: AscentTarget, image: Ascended, ascents: _Ascents) -> Ascended:
    with ascents.guard:
        ascents.pictures[target.key] = image
        while len(ascents.pictures) > _MAX_PICTURES:
            ascents.pictures.popitem(last=False)
    return image


@st.cache_resource(max_entries=1, show_spinner=False)
def _ascents() -> _Ascents:
    return _Ascents()
