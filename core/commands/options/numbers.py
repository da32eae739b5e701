"""Values on the command line, each with what makes sense for it."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

LARGEST_SEED = 2**31 - 1
MOST_PROCESSES = max(
    16, os.cpu_count() or 1
)  # Each takes memory of its own; machines of graphics cards have 16.
MOST_MACHINES = 1_024


def whole(low: int, high: int) -> Callable[[str], int]:
    """A type for argparse: a whole number from ``low`` to ``high``."""

    def number(text: str) -> int:
        if not text.lstrip("-").isdecimal() or len(text) > 20 or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"got {text[:40]!r}; expected a whole number from {low} to {high}"
            )
        return int(text)

    return number


def named(text: str) -> str:
    """A type for argparse: the name of a file or a folder; an empty one would mean the working folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("got an empty name; name a file or a folder ('.' is this one)")
    return text


def place(text: str) -> Path:
    """The same as a path."""
    return Path(named(text))


def share(text: str) -> float:
    """A type for argparse: a number from 0 up to, and without, 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"got {text[:40]!r}; expected a share such as 0.2, below 1")
    return value
