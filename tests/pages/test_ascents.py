"""Who waits for a picture of ascent, who goes away, and what the thread does then."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain.ascent import Ascended, OnProgress
from core.inside.ascents import pictures
from core.inside.ascents.pictures import AscentQuestion
from pages._ui.inside.state import ascents
from pages._ui.inside.state.ascents import Place
from pages._ui.session import models

STEPS, STEP_S = 100, 0.01


class GoneError(Exception):
    """As Streamlit ends a run of a page: from within whatever it draws."""


@pytest.fixture(autouse=True)
def steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[int, int]]:
    """Steps that were made for each channel, by an ascent that does nothing but take its time."""
    done: dict[int, int] = {}

    def ascended(
        _checkpoint: Checkpoint, asked: AscentQuestion, *, on_progress: OnProgress
    ) -> Iterator[Ascended]:
        (channel,) = asked.channels
        if channel == 13:
            raise LayerError("there is no channel 13")
        for step in range(STEPS):
            done[channel] = done.get(channel, 0) + 1
            on_progress((step + 1) / STEPS)
            time.sleep(STEP_S)
        yield Ascended(channel, np.zeros((4, 4, 3), np.uint8), float(channel), is_dead=False)

    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path))
    monkeypatch.setattr(pictures, "ascended", ascended)
    ascents.forget()
    yield done
    ascents.forget()


def _place(channel: int) -> Place:
    return Place(models.load("digits"), "block2", channel, "plain")


def _begun_and_left(place: Place) -> list[float]:
    """What a page hears of a picture before it is left."""
    heard: list[float] = []

    def on_share(share: float) -> None:
        heard.append(share)
        if len(heard) == 2:
            raise GoneError

    with pytest.raises(GoneError):
        ascents.made(place, on_share)
    return heard


def test_shares_are_heard_until_the_picture_is_there_and_then_it_is_kept(steps: dict[int, int]) -> None:
    heard: list[float] = []
    assert ascents.made(_place(3), heard.append).activation == 3
    assert heard == sorted(heard)
    assert heard[0] == 0
    assert heard[-1] > 0.5
    assert ascents.made(_place(3), heard.append).channel == 3
    assert steps == {3: STEPS}


def test_a_picture_that_is_stopped_ends_within_a_step(steps: dict[int, int]) -> None:
    heard = _begun_and_left(_place(3))
    ascents.stop(_place(3))
    time.sleep(20 * STEP_S)
    until_then = steps[3]
    assert heard[-1] * STEPS <= until_then < STEPS
    time.sleep(20 * STEP_S)
    assert steps[3] == until_then
    assert ascents.kept(_place(3)) is None
    assert ascents.made(_place(3), lambda _share: None).activation == 3
    assert steps[3] == until_then + STEPS


def test_a_picture_that_was_left_is_finished_if_nobody_wants_another(steps: dict[int, int]) -> None:
    _begun_and_left(_place(3))
    until = time.monotonic() + 20
    while ascents.kept(_place(3)) is None and time.monotonic() < until:
        time.sleep(STEP_S)
    assert steps == {3: STEPS}
    assert ascents.kept(_place(3)) is not None


def test_a_picture_that_was_left_makes_way_for_the_next_one(steps: dict[int, int]) -> None:
    _begun_and_left(_place(3))
    assert ascents.made(_place(4), lambda _share: None).activation == 4
    assert steps[3] < STEPS
    assert steps[4] == STEPS
    assert ascents.kept(_place(3)) is None


def test_who_still_waits_gets_the_picture_that_another_session_has_stopped(steps: dict[int, int]) -> None:
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(ascents.made, _place(3), lambda _share: None)
        _begun_and_left(_place(3))
        ascents.stop(_place(3))
        assert waiting.result().activation == 3
    assert steps == {3: STEPS}


def test_what_cannot_be_ascended_is_an_error_each_time() -> None:
    for _ in range(2):
        with pytest.raises(LayerError, match="no channel 13"):
            ascents.made(_place(13), lambda _share: None)
