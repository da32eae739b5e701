"""Cuts the samples of a pass into parts, a file for each, and the parts into batches."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core import files

_BATCH = 32


@dataclass(frozen=True, slots=True)
class Chunk:
    """The samples from ``first`` to before ``end`` of one part, which the network sees at once."""

    part: int
    first: int
    end: int

    @property
    def positions(self) -> range:
        """The samples."""
        return range(self.first, self.end)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of ``num_samples`` samples: ``size`` in each but the last, and one file for each.

    A part that has its file in the folder ``place`` is done, whichever process or machine computed it.
    """

    place: Path
    num_samples: int
    size: int

    def __len__(self) -> int:
        return len(range(0, self.num_samples, self.size))

    def path(self, part: int) -> Path:
        """The file of a part."""
        return self.place / f"{part:06}.parquet"

    def span(self, part: int) -> range:
        """The samples of a part."""
        return range(part * self.size, min((part + 1) * self.size, self.num_samples))

    def prepare(self) -> None:
        """Make the folder, and delete what no pass can use: drafts of killed processes, and damaged parts."""
        files.clean(files.make_folder(self.place))
        for part in range(len(self)):
            with suppress(FileNotFoundError):
                if not _is_sound(self.path(part)):
                    self.path(part).unlink()

    def is_whole(self, part: int) -> bool:
        """Whether a part that is done has a row for each of its samples."""
        return bool(pq.read_metadata(self.path(part)).num_rows == len(self.span(part)))

    def missing(self) -> list[int]:
        """The parts that are not done yet."""
        return [part for part in range(len(self)) if not self.path(part).exists()]

    def num_done(self) -> int:
        """The number of samples in the parts that are done."""
        return sum(len(self.span(part)) for part in range(len(self)) if self.path(part).exists())


def _is_sound(path: Path) -> bool:
    """Whether a table ends as it was written; FileNotFoundError if it is missing."""
    try:
        pq.read_metadata(path)
    except pa.ArrowInvalid:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Chunks:
    """The batches of the parts ``wanted``, in order, made one by one: a large data set has many.

    None spans two parts, because the last digits of logits depend on the batch.
    """

    parts: Parts
    wanted: Sequence[int]

    def __len__(self) -> int:
        return sum(self.num_in(part) for part in self.wanted)

    def __iter__(self) -> Iterator[Chunk]:
        return (chunk for part in self.wanted for chunk in self.of(part))

    def of(self, part: int) -> Iterator[Chunk]:
        """The batches of one part."""
        span = self.parts.span(part)
        for first in span[::_BATCH]:
            yield Chunk(part, first, min(first + _BATCH, span.stop))

    def num_in(self, part: int) -> int:
        """The number of batches in a part."""
        return len(self.parts.span(part)[::_BATCH])
