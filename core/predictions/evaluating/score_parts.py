"""The scores of an evaluation's parts: beside each part, or in histograms if there are too many.

Each part has its scores beside it. If there are too many to keep, those of finished parts are added to a
histogram from time to time, and deleted: neither memory nor disk ever holds all scores. The file of a
histogram names the parts that it counts, so that after a crash none is counted twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.checkpoints import paths
from core.evaluation.ranking.histograms import Counts, empty_counts
from core.evaluation.ranking.scores import has_scores
from core.files import arrays
from core.passes.parts import Parts
from core.predictions import prediction_table, score_files

_HISTOGRAM = ".histogram.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """All rows of a pass, and histograms of the scores if these are too many for the table."""

    table: pa.Table
    counts: Counts | None = None


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """The scores of ``num_classes`` classes for the parts of one pass over samples of these ``splits``."""

    parts: Parts
    num_classes: int
    splits: tuple[str, ...]

    def joined(self) -> Joined:
        """All rows in order: with scores, with histograms of scores, or, for few classes, with neither."""
        paths = [self.parts.path(part) for part in range(len(self.parts))]
        if self._are_kept:
            return Joined(prediction_table.concatenated([prediction_table.read(path) for path in paths]))
        table = pa.concat_tables([pq.read_table(path) for path in paths])
        counts, known = self._counted()
        for part, path in enumerate(paths):
            if part not in known and not self._add(counts, path):
                return Joined(table)
        present = [self.splits.index(split) for split in score_files.splits_of(table)]
        return Joined(table, counts[present])

    def write(self, part: int, tables: Sequence[pa.Table]) -> None:
        """Write a part, from the tables of its batches, with its scores."""
        prediction_table.write_part(self.parts.path(part), pa.concat_tables(tables))

    def fold(self) -> None:
        """Count the scores of finished parts and delete them, if they have become too many.

        A part that lacks a sample is not counted: it may be predicted again.
        """
        waiting = [] if self._are_kept else list(self._waiting())
        if sum(paths.scores(path).stat().st_size for _, path in waiting) < score_files.LARGEST:
            return
        counts, known = self._counted_in(self._histogram)
        _, counted = self._counted()
        for part, path in waiting:
            if part not in counted and self._add(counts, path):
                known.add(part)
        arrays.write_named(self._histogram, counts=counts, parts=np.array(sorted(known), np.int64))
        for _, path in waiting:
            paths.scores(path).unlink(missing_ok=True)

    @property
    def _are_kept(self) -> bool:
        return score_files.fit(self.parts.num_samples, self.num_classes)

    def _waiting(self) -> Iterator[tuple[int, Path]]:
        for part in range(len(self.parts)):
            path = self.parts.path(part)
            # Scores without a part belong to an unfinished one, and will be written again.
            if paths.scores(path).exists() and path.exists() and self.parts.is_whole(part):
                yield part, path

    def _add(self, counts: Counts, path: Path) -> bool:
        """Count the scores beside a part; False if there are none."""
        table = prediction_table.read(path)
        if has_scores(table):
            score_files.add_to(counts, table, self.splits)
        return has_scores(table) or not table.num_rows

    @property
    def _histogram(self) -> Path:
        return self.parts.place / f"0{_HISTOGRAM}"

    def _counted(self) -> tuple[Counts, set[int]]:
        """All counts, and the parts that they cover; earlier versions have a file for each process."""
        total, known = empty_counts(len(self.splits), self.num_classes), set[int]()
        for path in self.parts.place.glob(f"*{_HISTOGRAM}"):
            counts, parts = self._counted_in(path)
            total += counts
            known |= parts
        return total, known

    def _counted_in(self, path: Path) -> tuple[Counts, set[int]]:
        if not path.exists():
            return empty_counts(len(self.splits), self.num_classes), set()
        with np.load(path) as stored:
            return stored["counts"], set(stored["parts"].tolist())
