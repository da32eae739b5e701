"""What a checkpoint got right and wrong: its predictions table, checked, with the numbers of one split."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core import checkpoint
from core.checkpoint import Card
from core.errors import CheckpointError
from core.evaluation import IntArray, Metrics, column, distinct_names, metrics
from core.evaluation_curves import Ranking
from core.predicting import PREDICTIONS

_COLUMNS = {
    "sample_id", "path", "split", "label", "predicted", "p_label", "p_predicted",
    "top5", "top5_probability", "loss", "margin",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """The predictions of one split, their metrics, and all splits of the table.

    ``class_names`` are all different: namesakes have their index behind them.
    """

    name: str
    card: Card
    class_names: tuple[str, ...]
    table: pa.Table
    metrics: Metrics
    split: str
    splits: tuple[str, ...]


def available() -> list[str]:
    """Names of the checkpoints that have predictions."""
    return [name for name in checkpoint.available() if path_of(name).exists()]


def path_of(name: str) -> Path:
    """Where the predictions table of a checkpoint is, or would be."""
    return checkpoint.find(name) / PREDICTIONS


def read(name: str, split: str | None = None) -> Results:
    """The results of a checkpoint on one split: the validation split, or the first, unless one is named.

    Raises:
        CheckpointError: there is no table, it is damaged, or it is of other classes.
    """
    card = checkpoint.read_card(checkpoint.find(name))
    whole = _table(name)
    splits = tuple(sorted(pc.unique(whole["split"]).to_pylist()))
    chosen = split if split and split in splits else "val" if "val" in splits else splits[0]
    table = whole if len(splits) == 1 else whole.filter(pc.equal(whole["split"], chosen))
    table = table.combine_chunks()
    _refuse_strange_classes(name, table, len(card.class_names))
    names = tuple(distinct_names(card.class_names))
    return Results(name, card, names, table, metrics(table, len(names)), chosen, splits)


def largest_and_smallest(support: IntArray) -> tuple[int, int]:
    """The classes with most and with fewest samples, of those that have any."""
    return int(support.argmax()), int(np.where(support > 0, support, support.max()).argmin())


def _table(name: str) -> pa.Table:
    path = path_of(name)
    if not path.exists():
        raise CheckpointError(
            f"{name!r} has no predictions yet; run: python -m core evaluate {name} --data FOLDER"
        )
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise CheckpointError(f"{str(path)!r} is not a readable predictions table") from error
    missing = sorted(_COLUMNS - set(table.column_names))
    if missing or not table.num_rows:
        lack = f"the column {missing[0]!r}" if missing else "rows"
        raise CheckpointError(f"the predictions table {str(path)!r} lacks {lack}; evaluate {name!r} again")
    return table


def _refuse_strange_classes(name: str, table: pa.Table, num_classes: int) -> None:
    for which in ("label", "predicted"):
        classes = column(table, which)
        if not 0 <= classes.min() <= classes.max() < num_classes:
            raise CheckpointError(
                f"the predictions of {name!r} have a class {classes.max()}, its card {num_classes} classes; "
                f"evaluate it again"
            )


def class_table(found: Results, areas: Ranking) -> pd.DataFrame:
    """A row for each class that occurs, the lowest F1 first: support, mistakes, and how well it is found."""
    per_class, matrix = found.metrics.per_class, found.metrics.confusion_matrix
    rows = pd.DataFrame(
        {
            "class_idx": range(len(found.class_names)),
            "name": found.class_names,
            "support": per_class.support,
            "mistakes": per_class.support - matrix.diagonal(),
            "recall": per_class.recall,
            "precision": per_class.precision,
            "f1": per_class.f1,
            "roc_auc": areas.roc_auc,
            "average_precision": areas.average_precision,
        }
    )
    occurs = (matrix.sum(0) + matrix.sum(1)) > 0
    return rows[occurs].sort_values("f1", kind="stable").reset_index(drop=True)
