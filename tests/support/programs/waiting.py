"""Wait for what another process does: no longer than it lives, and however busy the machine is."""

import time
from collections.abc import Callable

_LOOK_AGAIN_S = 0.005


def until(has_happened: Callable[[], object], *, is_alive: Callable[[], object]) -> None:
    """Return once it has happened; fail where what would make it happen ends first."""
    while not has_happened():
        assert is_alive() or has_happened()  # Between the two looks it may have.
        time.sleep(_LOOK_AGAIN_S)


def until_over(is_alive: Callable[[], object]) -> None:
    """Return once it has ended."""
    while is_alive():
        time.sleep(_LOOK_AGAIN_S)
