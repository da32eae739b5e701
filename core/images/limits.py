"""How large an image may be: small for an upload, and as large as the memory allows for local files."""

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import ImageError

MAX_RATIO = 100  # Of the sides: resizing the shorter to 256 pixels would make the longer one huge.
_PIXELS_PER_BYTE = 10_000  # More than any compression reaches: a header that claims more is wrong.
_BYTES_PER_PIXEL = 16  # At most, while an image is decoded, rotated and converted to RGB.
_SHARE = 4  # One image may take a quarter of the memory, and its file a sixteenth.
_USUAL_MEMORY = 8 * 2**30  # If the system does not say.
_CONTAINER = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest file, and the largest image in it."""

    max_bytes: int
    max_pixels: int

    @property
    def scale_down(self) -> str:
        """What to do with a larger image, for a message."""
        return f"scale it down to {self.max_pixels // 10**6} megapixels or less"

    def refuse_size(self, width: int, height: int, num_bytes: int) -> None:
        """ImageError for too many pixels or a narrow strip, ValueError for more than the file can hold."""
        if width * height > self.max_pixels:
            raise ImageError(f"got an image of {width} x {height} pixels; {self.scale_down}")
        if max(width, height) > MAX_RATIO * min(width, height):
            longest = f"at most {MAX_RATIO} times as long as wide"
            raise ImageError(f"got an image of {width} x {height} pixels; crop it to {longest}")
        if width * height > max(UPLOAD.max_pixels, num_bytes * _PIXELS_PER_BYTE):
            raise ValueError(width, height, num_bytes)


UPLOAD = Limits(20 * 2**20, 50_000_000)


@cache
def own() -> Limits:
    """The limits for files on this machine, from its memory, and never below those for an upload.

    With 16 GB of memory: files of 1 GB, images of 268 megapixels.
    """
    available = memory()
    return Limits(
        max(UPLOAD.max_bytes, available // (4 * _SHARE)),
        max(UPLOAD.max_pixels, available // (_SHARE * _BYTES_PER_PIXEL)),
    )


def memory() -> int:
    """The bytes of memory that the machine or its container allows this process."""
    known = [_USUAL_MEMORY]
    with suppress(AttributeError, ValueError, OSError):
        known = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _CONTAINER:
        with suppress(OSError, ValueError):  # The file may say "max".
            known.append(int(path.read_text()))
    return min(size for size in known if size > 0)
