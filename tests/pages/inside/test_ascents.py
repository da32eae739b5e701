"""Who waits for a picture of ascent, who goes away, and what the thread does then."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain.ascent import Ascended, OnProgress
from core.inside.ascents import images
from core.inside.ascents.images import AscentQuestion
from pages._ui.inside.state import ascents
from pages._ui.inside.state.ascents import AscentTarget
from pages._ui.session.checkpoints import models

STEPS = 100


class GoneError(Exception):
    """As Streamlit ends a run of a page: from within whatever it draws."""


@dataclass
class Climber:
    """An ascent that does nothing, and makes a step only where the test lets it."""

    done: dict[int, int] = field(default_factory=dict)
    _allowed: float = 0
    _is_over: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def ascended(
        self, _checkpoint: Checkpoint, asked: AscentQuestion, *, on_progress: OnProgress
    ) -> Iterator[Ascended]:
        """Give a grey picture of the one channel that is asked for, after 100 steps."""
        (channel,) = asked.channels
        if channel == 13:
            raise LayerError("there is no channel 13")
        self.done.setdefault(channel, 0)
        self._is_over = False
        try:
            for step in range(STEPS):
                self._wait_for_leave()
                on_progress((step + 1) / STEPS)
                self._count(channel)
        finally:
            self._end()
        yield Ascended(channel, np.zeros((4, 4, 3), np.uint8), float(channel), is_dead=False)

    def let(self, num: float) -> None:
        """Allow ``num`` steps more, and return once they are made or the ascent is over."""
        with self._changed:
            self._allowed += num
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._allowed or self._is_over)

    def let_go(self) -> None:
        """Keep no thread waiting."""
        self._is_over = True
        self.let(float("inf"))

    def _wait_for_leave(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._allowed)

    def _count(self, channel: int) -> None:
        with self._changed:
            self.done[channel] += 1
            self._allowed -= 1
            self._changed.notify_all()

    def _end(self) -> None:
        with self._changed:
            self._allowed, self._is_over = 0, True
            self._changed.notify_all()


@pytest.fixture(autouse=True)
def climber(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Climber]:
    climber = Climber()
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path))
    monkeypatch.setattr(images, "ascended", climber.ascended)
    monkeypatch.setattr(ascents, "_STEP_S", 0.01)
    ascents.forget()
    yield climber
    climber.let_go()
    ascents.forget()


def _target(channel: int) -> AscentTarget:
    return AscentTarget(models.load("digits"), "block2", channel, "plain")


def _begun_and_left(target: AscentTarget, climber: Climber) -> None:
    """Leave the page of a picture after two steps, when it has heard of them."""
    heard: list[float] = []

    def on_share(share: float) -> None:
        heard.append(share)
        if share:
            raise GoneError
        climber.let(2)

    with pytest.raises(GoneError):
        ascents.made(target, on_share)
    assert heard == [0, 2 / STEPS]


def _thread_is_idle() -> None:
    """Wait until the one thread has done all that it was given."""
    ascents._ascents().pool.submit(int).result()


def test_shares_are_heard_until_the_picture_is_there_and_then_it_is_kept(climber: Climber) -> None:
    heard: list[float] = []

    def on_share(share: float) -> None:
        heard.append(share)
        climber.let(30)

    assert ascents.made(_target(3), on_share).activation == 3
    assert heard[:4] == [0, 0.3, 0.6, 0.9]
    assert set(heard[4:]) <= {1}
    assert ascents.made(_target(3), heard.append).channel == 3
    assert climber.done == {3: STEPS}


def test_a_picture_that_is_stopped_ends_within_a_step(climber: Climber) -> None:
    _begun_and_left(_target(3), climber)
    ascents.stop(_target(3))
    climber.let(STEPS)
    _thread_is_idle()
    assert climber.done == {3: 2}
    assert ascents.kept(_target(3)) is None
    assert ascents.made(_target(3), lambda _share: climber.let(STEPS)).activation == 3
    assert climber.done == {3: 2 + STEPS}


def test_an_abandoned_picture_is_finished_unless_another_is_wanted(climber: Climber) -> None:
    _begun_and_left(_target(3), climber)
    climber.let(STEPS)
    _thread_is_idle()
    assert climber.done == {3: STEPS}
    assert ascents.kept(_target(3)) is not None


def test_a_picture_that_was_left_makes_way_for_the_next_one(climber: Climber) -> None:
    _begun_and_left(_target(3), climber)
    assert ascents.made(_target(4), lambda _share: climber.let(STEPS)).activation == 4
    assert climber.done == {3: 2, 4: STEPS}
    assert ascents.kept(_target(3)) is None


def test_who_still_waits_gets_the_picture_that_another_session_has_stopped(climber: Climber) -> None:
    joined = threading.Event()
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(ascents.made, _target(3), lambda _share: joined.set())
        joined.wait()
        _begun_and_left(_target(3), climber)
        ascents.stop(_target(3))
        climber.let(STEPS)
        assert waiting.result().activation == 3
    assert climber.done == {3: STEPS}


def test_what_cannot_be_ascended_is_an_error_each_time() -> None:
    for _ in range(2):
        with pytest.raises(LayerError, match="no channel 13"):
            ascents.made(_target(13), lambda _share: None)
