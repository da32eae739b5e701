"""The progress of a pass over images: how many are done, how fast, and how long it will take."""

import contextlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from core import files
from core.errors import FileError
from core.files import stored

_EVERY_S = 1.0
_AT_ONCE_S = 0.05  # Images that are done within this time belong to one batch.


@dataclass(frozen=True, slots=True)
class PassProgress:
    """The images that are done, of ``total``; ``per_second`` is None until the first batches are timed.

    ``what`` is counted, where it is not images.
    """

    done: int
    total: int
    per_second: float | None = None
    what: str = "images"

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.done / self.total if self.total else 1.0

    @property
    def seconds_left(self) -> float | None:
        """The time that the other images will take at this rate; None while the rate is unknown."""
        return (self.total - self.done) / self.per_second if self.per_second else None

    def __str__(self) -> str:
        """``1,024 of 2,500 images, 56 a second, 26 s left``."""
        parts = [f"{self.done:,} of {self.total:,} {self.what}"]
        if self.per_second:
            parts.append(_rate_in_words(self.per_second))
        if self.seconds_left:
            parts.append(f"{_in_words(self.seconds_left)} left")
        return ", ".join(parts)


class Meter:
    """Counts images and measures the rate from the first batch on: starting up takes time too."""

    def __init__(self, done: int, total: int) -> None:
        self._now = PassProgress(done, total)
        self._first: tuple[float, int] | None = None

    def progress(self) -> PassProgress:
        """The progress so far."""
        return self._now

    def after(self, num_images: int) -> PassProgress:
        """The progress once ``num_images`` more are done."""
        moment, done = time.monotonic(), self._now.done + num_images
        first, images = self._first or (moment, done)
        if moment - first < _AT_ONCE_S:
            images = done
        self._first = first, images
        rate = (done - images) / (moment - first) if done > images else None
        self._now = PassProgress(done, self._now.total, rate)
        return self._now


class ProgressFile:
    """A file with the progress for other processes, renewed at most once a second."""

    def __init__(self, path: Path) -> None:
        self._path, self._next = path, 0.0

    def write(self, progress: PassProgress) -> None:
        """Write the progress; a full disk is no reason to stop."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY_S
            with contextlib.suppress(FileError):
                files.write(self._path, json.dumps(asdict(progress)).encode(), durable=False)


def read(path: Path) -> PassProgress | None:
    """The progress in a file of `ProgressFile`; None if there is none, or it is damaged."""
    with contextlib.suppress(FileError, ValueError, KeyError, TypeError):
        written = stored.parsed(path)
        rate = written.get("per_second")
        return PassProgress(
            int(written["done"]),
            int(written["total"]),
            None if rate is None else float(rate),
            str(written.get("what", "images")),
        )
    return None


def _rate_in_words(per_second: float) -> str:
    """``56 a second``, ``2.5 a second``, ``20 s each``."""
    if per_second < 0.1:
        return f"{1 / per_second:.0f} s each"
    return f"{per_second:.{0 if per_second >= 10 else 1}f} a second"


def _in_words(seconds: float) -> str:
    """``26 s``, ``4 min``, ``3 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.0f} h"
