"""Types of command-line values, each with its valid range."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from core.data.sources.folder import remote

LARGEST_SEED = 2**31 - 1
# Each process takes memory of its own; large GPU machines have 16 cards.
MOST_PROCESSES = max(16, os.cpu_count() or 1)
MOST_MACHINES = 1_024


def whole(low: int, high: int) -> Callable[[str], int]:
    """An argparse type: a whole number from ``low`` to ``high``."""

    def number(text: str) -> int:
        if not text.lstrip("-").isdecimal() or len(text) > 20 or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"got {text[:40]!r}; expected a whole number from {low} to {high}"
            )
        return int(text)

    return number


def named(text: str) -> str:
    """An argparse type: the name of a file or a folder; not empty, which would mean the working folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError(
            "got an empty name; expected a file or a folder ('.' is the current one)"
        )
    return text


def place(text: str) -> Path:
    """An argparse type: a path, not empty."""
    return Path(named(text))


def place_or_address(text: str) -> Path | str:
    """An argparse type: a path, or an address such as ``s3://bucket/photos``."""
    return text if remote.is_address(text) else place(text)


def share(text: str) -> float:
    """An argparse type: a number in [0, 1)."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(
            f"got {text[:40]!r}; expected a share from 0 to below 1, such as 0.2"
        )
    return value
