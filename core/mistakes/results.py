"""The results of a checkpoint: its predictions table, checked, with the metrics of one split."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.arrays import IntArray
from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.errors import CheckpointError
from core.evaluation.metrics import Metrics, distinct_names, metrics
from core.evaluation.ranking.areas import Ranking
from core.evaluation.ranking.histograms import Histogram
from core.evaluation.ranking.scores import Scores, scores_of
from core.evaluation.selection import Sample, row_of, sample_at
from core.predictions import evaluations, schema, score_files
from core.predictions.evaluations import Evaluation


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """The predictions of one split of an evaluation, their metrics, and the names of all splits.

    ``name`` is the checkpoint's. ``class_names`` are unique: repeated names have their index after them.
    ``histogram`` counts the scores of all classes in this split, if they are too many to be stored.
    """

    name: str
    evaluation: Evaluation
    card: Card
    class_names: tuple[str, ...]
    table: pa.Table
    metrics: Metrics
    split: str
    splits: tuple[str, ...]
    histogram: Histogram | None = None

    @property
    def scores(self) -> Scores:
        """The scores of all classes, as far as they are known."""
        return scores_of(self.table, len(self.class_names), self.histogram)


def available() -> list[str]:
    """The names of the checkpoints that have been evaluated."""
    return [name for name in store.available() if evaluations.is_evaluated(paths.folder(name))]


def read(folder: Path, split: str | None = None, *, evaluation: str | None = None) -> Results:
    """The results in a checkpoint's folder on ``split``, else on ``val``, else on the first split.

    ``evaluation`` is a name; without one, it is the checkpoint's first evaluation.

    Raises:
        EvaluationError: there is no evaluation, or none of that name.
        CheckpointError: its table is damaged, or has other classes.
    """
    card, evaluated = store.read_card(folder), evaluations.find(folder, evaluation)
    whole = table_of(evaluated)
    splits = tuple(sorted(pc.unique(whole["split"]).to_pylist()))
    chosen = next(each for each in (split or "val", "val", splits[0]) if each in splits)
    table = whole if len(splits) == 1 else whole.filter(pc.equal(whole["split"], chosen))
    table = table.combine_chunks()
    names = tuple(distinct_names(card.class_names))
    histogram = score_files.histogram(evaluated.table, whole, chosen)
    numbers = metrics(table, len(names))
    return Results(folder.name, evaluated, card, names, table, numbers, chosen, splits, histogram)


def sample(folder: Path, sample_id: str, *, evaluation: str | None = None) -> Sample | None:
    """A sample of any split by its id; None if there is no such sample. Raises as `read`."""
    table = table_of(evaluations.find(folder, evaluation))
    row = row_of(table, sample_id)
    return None if row is None else sample_at(table, row)


@dataclass(frozen=True, slots=True)
class ClassSizes:
    """The number of classes with samples, and the largest and the smallest of them with their counts."""

    num_with_samples: int
    largest: int
    most: int
    smallest: int
    fewest: int


def class_sizes(support: IntArray) -> ClassSizes:
    """The sizes of classes with ``support`` (C,) samples."""
    largest, smallest = int(support.argmax()), int(np.where(support, support, support.max() + 1).argmin())
    num_with_samples = int((support > 0).sum())
    return ClassSizes(num_with_samples, largest, int(support[largest]), smallest, int(support[smallest]))


def table_of(evaluation: Evaluation) -> pa.Table:
    """The predictions of all splits, checked, with the scores of all classes if they are stored.

    Raises:
        CheckpointError: the table is damaged, or has other classes.
    """
    name, card = evaluation.of.name, store.read_card(evaluation.of)
    again = f"run: python -m core evaluate {name} --data FOLDER --as {evaluation.name} --replace"
    table = schema.read(evaluation.table, again)
    try:
        schema.check_classes(table, len(card.class_names))
    except ValueError as error:
        raise CheckpointError(
            f"the predictions of {name!r} do not fit its card: the table {error}; {again}"
        ) from error
    return score_files.with_scores(evaluation.table, table)


def class_table(results: Results, areas: Ranking) -> pd.DataFrame:
    """A row for each class that occurs, the lowest F1 first: support, mistakes, and metrics."""
    per_class, matrix = results.metrics.per_class, results.metrics.confusion_matrix
    rows = pd.DataFrame(
        {
            "class_idx": range(len(results.class_names)),
            "name": results.class_names,
            "support": per_class.support,
            "mistakes": per_class.support - matrix.diagonal,
            "recall": per_class.recall,
            "precision": per_class.precision,
            "f1": per_class.f1,
            "roc_auc": areas.roc_auc,
            "average_precision": areas.average_precision,
        }
    )
    occurs = (matrix.of_label + matrix.of_prediction) > 0
    return rows[occurs].sort_values("f1", kind="stable").reset_index(drop=True)
