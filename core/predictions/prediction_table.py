"""The predictions table: one row per sample; every number about mistakes is computed from it."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from core import files
from core.checkpoints import paths
from core.evaluation.ranking.histograms import Counts
from core.evaluation.ranking.scores import SCORES, has_scores
from core.predictions import score_files
from core.predictions.finite import refuse_infinite
from core.predictions.schema import METADATA

_TOP = 5
_LARGEST_HALF = 65_504.0


def rows(
    logits: Tensor,
    labels: Tensor,
    *,
    sample_ids: Sequence[str],
    paths: Sequence[str],
    split: str,
    network: str = "the network",
) -> pa.Table:
    """Rows from logits (N, C) and labels (N,).

    ``loss`` is the cross entropy in nats; ``margin`` the probability of the predicted class minus that of the
    next, if there is one; ``path`` is relative to the root of the data, empty where the images are embedded.
    With more than five classes, ``scores`` are the `log_odds` of all of them in float16; a file has them
    beside it. CheckpointError, with the name of the ``network``, if logits are not finite.
    """
    refuse_infinite(logits, network, sample_ids)
    logits = logits.double()
    probabilities = logits.softmax(1)
    values, classes = probabilities.topk(min(_TOP, logits.shape[1]), dim=1)
    every = torch.arange(len(labels))
    table = pa.table(
        {
            "sample_id": pa.array(sample_ids, pa.string()),
            "path": pa.array(paths, pa.string()),
            "split": pa.array([split] * len(labels), pa.string()),
            "label": labels.to(torch.int32).numpy(),
            "predicted": classes[:, 0].to(torch.int32).numpy(),
            "p_label": probabilities[every, labels].float().numpy(),
            "p_predicted": values[:, 0].float().numpy(),
            "top5": _lists(classes.to(torch.int32)),
            "top5_probability": _lists(values.float()),
            "loss": torch.nn.functional.cross_entropy(logits, labels, reduction="none").float().numpy(),
            "margin": (values[:, 0] - values[:, 1:2].sum(1)).float().numpy(),
        },
        metadata=METADATA,
    )
    if logits.shape[1] <= _TOP:
        return table
    scores = log_odds(logits).clamp(-_LARGEST_HALF, _LARGEST_HALF).half()
    return table.append_column(SCORES, score_files.as_column(scores.numpy()))


def log_odds(logits: Tensor) -> Tensor:
    """ln(p / (1 - p)) of every class (N, C) from logits (N, C) in float64, exact also where p is almost 1."""
    logarithm = logits.log_softmax(1)
    odds = logarithm - torch.log1p(-logarithm.exp())
    # 1 - p is lost in rounding for the likeliest class, so it is computed as the sum of the others.
    top, best = logits.max(1, keepdim=True)
    others = logits.scatter(1, best, -torch.inf).logsumexp(1, keepdim=True)
    return odds.scatter(1, best, top - others)


def write(path: Path, table: pa.Table, counts: Counts | None = None) -> None:
    """Write a table, whole or not at all, and beside it its scores, or histograms of them.

    ``counts`` are the histograms, where the scores were too many to be in the table.
    """
    if counts is None and has_scores(table) and not score_files.is_small(table):
        counts = score_files.counted(table)
    _write(path, table, counts)


def write_part(path: Path, table: pa.Table) -> None:
    """Write a part of a table with all scores beside it; their number is judged for the whole table."""
    _write(path, table, None)


def _write(path: Path, table: pa.Table, counts: Counts | None) -> None:
    own = table.drop_columns([SCORES]) if SCORES in table.column_names else table
    are_kept = counts is None and has_scores(table)
    scores, histograms = paths.scores(path), paths.histograms(path)
    with ExitStack() as drafts:
        table_draft = drafts.enter_context(
            files.draft(path)
        )  # Entered first, so it is the last to get its name.
        if counts is not None:
            score_files.write_counts(drafts.enter_context(files.draft(histograms)), counts)
        if are_kept:
            score_files.write_scores(drafts.enter_context(files.draft(scores)), table)
        pq.write_table(own, table_draft, compression="zstd")
    for other, is_there in ((scores, are_kept), (histograms, counts is not None)):
        if not is_there:
            other.unlink(missing_ok=True)


def read(path: Path) -> pa.Table:
    """A table with the scores beside it; scores are mapped into memory and read as needed."""
    return score_files.with_scores(path, pq.read_table(path))


def concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of all tables; with scores if every table has them."""
    tables = [table for table in tables if table.num_rows] or tables[:1]
    if all(map(has_scores, tables)):
        return pa.concat_tables(tables)
    return pa.concat_tables(
        [table.drop_columns([SCORES]) if SCORES in table.column_names else table for table in tables]
    )


def _lists(values: Tensor) -> pa.Array:
    """An array (N, k) as a column of lists."""
    flat = pa.array(values.reshape(-1).numpy())
    offsets = pa.array(np.arange(len(values) + 1, dtype=np.int32) * values.shape[1])
    return pa.ListArray.from_arrays(offsets, flat)
