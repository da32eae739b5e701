"""How much work something is, counted in calls: seconds say little on a busy machine."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def calls() -> Iterator[Counter[str]]:
    """How often each function and method is called in the block, by qualified name."""
    made: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            made[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            made[getattr(argument, "__qualname__", "?")] += 1

    sys.setprofile(note)
    try:
        yield made
    finally:
        sys.setprofile(None)
