"""Two sessions that ascend one network do not mix."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from torch import Tensor

from core.explain.ascent import Settings, ascend
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Plain
from core.explain.network.hooks import model_lock
from tests.support.networks.ascents import COLOUR, ROBUST, SMALL
from tests.support.networks.tiny_models import (
    GapCnn,
    assert_unchanged,
    seeded,
    snapshot,
)


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads that take turns every few microseconds, so that a missing lock shows."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("impatient_threads")
@pytest.mark.slow
def test_two_sessions_on_one_network_do_not_mix() -> None:
    model = seeded(GapCnn)
    asked = [("backbone.0", SMALL), ("backbone", ROBUST)]

    def answers(layer: str, settings: Settings) -> list[float]:
        found = ascend(model, layer, [0, 1, 2, 3], replace(settings, steps=30), COLOUR)
        return [each.activation for each in found]

    expected = [answers(*each) for each in asked]
    before = snapshot(model)
    with ThreadPoolExecutor(4) as sessions:
        found = list(sessions.map(lambda each: answers(*each), asked * 6))
    assert found == expected * 6
    assert_unchanged(model, before)


def test_the_network_is_free_between_the_passes_of_an_ascent() -> None:
    """Another thread gets the lock while gradients are computed, and not only when a channel is done."""
    model, taken = seeded(GapCnn), []

    class Watched(Plain):
        def climb(self, starts: Tensor, gradients_at: object, normalisation: Normalisation) -> Tensor:
            with ThreadPoolExecutor(1) as other:
                taken.append(other.submit(model_lock(model).acquire, blocking=False).result())
                other.submit(model_lock(model).release).result()
            return Plain.climb(self, starts, gradients_at, normalisation)

    next(ascend(model, "backbone", [0], Watched(size=(6, 8), steps=1, border=0, crop=0), COLOUR))
    assert taken == [True]
