"""Scores of all classes beside a predictions table: ``NAME.scores.npy``, or ``NAME.histograms.npy``.

``scores`` (N, C) are the log-odds of every class in float16, in the rows of the table. Where they would take
more than 256 MB, ``histograms`` (S, 2, C, B) count them for each split, in the order of the splits' names.
Files that do not fit the table belong to another one and are ignored.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.checkpoints import paths
from core.evaluation.metrics import column
from core.evaluation.ranking.histograms import Counts, Histogram, count, empty_counts
from core.evaluation.ranking.scores import SCORES, probability_of
from core.files import arrays

LARGEST = 256_000_000  # Bytes of all scores.
_CHECKED = 1_000  # Rows.
# Half a step of float16 is 0.0001 in a probability; the rest allows for rounding on another machine.
_TOLERANCE = 1e-3


def fit(num_samples: int, num_classes: int) -> bool:
    """Whether all scores are kept, not only histograms of them."""
    return 2 * num_samples * num_classes <= LARGEST


def num_classes_of(table: pa.Table) -> int:
    """The number of classes in the scores of a table."""
    size: int = table.schema.field(SCORES).type.list_size
    return size


def is_small(table: pa.Table) -> bool:
    """Whether the scores of a table are kept, not only histograms of them."""
    return fit(table.num_rows, num_classes_of(table))


def as_column(scores: NDArray[np.float16]) -> pa.Array:
    """Scores (N, C) as a column; not copied if they are contiguous."""
    flat = np.ascontiguousarray(scores).reshape(-1)
    values = pa.Array.from_buffers(pa.float16(), len(flat), [None, pa.py_buffer(flat)])
    return pa.FixedSizeListArray.from_arrays(values, scores.shape[1])


def pieces(table: pa.Table) -> list[NDArray[np.float16]]:
    """The scores of a table in pieces (n, C)."""
    chunks = [each for each in table[SCORES].chunks if len(each)]
    return [each.flatten().to_numpy().reshape(len(each), -1) for each in chunks]


def splits_of(table: pa.Table) -> list[str]:
    """The names of its splits, sorted."""
    return sorted(pc.unique(table["split"]).to_pylist())


def add_to(counts: Counts, table: pa.Table, splits: Sequence[str]) -> None:
    """Histograms of the scores of a table, for these splits."""
    number = pc.index_in(table["split"], value_set=pa.array(splits, pa.string())).to_numpy()
    label, done = column(table, "label"), 0
    for piece in pieces(table):
        rows = slice(done, done + len(piece))
        count(counts, piece, label[rows], number[rows])
        done += len(piece)


def counted(table: pa.Table) -> Counts:
    """Histograms of the scores of a table."""
    splits = splits_of(table)
    counts = empty_counts(len(splits), num_classes_of(table))
    add_to(counts, table, splits)
    return counts


def write_scores(path: Path, table: pa.Table) -> None:
    """Write the scores of a table, piece by piece."""
    arrays.write_rows(path, (table.num_rows, num_classes_of(table)), pieces(table), np.float16)


def write_counts(path: Path, counts: Counts) -> None:
    """Write histograms."""
    with path.open("wb") as file:
        np.save(file, counts)


def with_scores(path: Path, table: pa.Table) -> pa.Table:
    """The table with the scores beside ``path``, if there are any; mapped into memory, read as needed."""
    scores = arrays.mapped(paths.scores(path), np.float16) if table.num_rows else None
    if scores is None or scores.ndim != 2 or not _agree(scores, table):
        return table
    return table.append_column(SCORES, as_column(scores))


def histogram(path: Path, table: pa.Table, split: str | None = None) -> Histogram | None:
    """The histogram of one split of the table at ``path``, or of all splits; None if there is none."""
    counts, splits = arrays.mapped(paths.histograms(path), np.uint32), splits_of(table)
    if counts is None or counts.ndim != 4 or counts.shape[:2] != (len(splits), 2):
        return None
    if split is None and len(splits) > 1:
        return Histogram(counts.sum(0, dtype=np.uint32))
    return Histogram(counts[splits.index(split) if split is not None else 0])


def _agree(scores: NDArray[np.float16], table: pa.Table) -> bool:
    """Whether the scores agree with the table's probabilities, tested on some rows."""
    label, probability = column(table, "label"), column(table, "p_label")
    if len(scores) != len(label) or not 0 <= label.min() <= label.max() < scores.shape[1]:
        return False
    some = np.arange(0, len(label), max(1, len(label) // _CHECKED))
    expected = probability_of(scores[some, label[some]])
    return bool((np.abs(expected - probability[some]) <= _TOLERANCE).all())
