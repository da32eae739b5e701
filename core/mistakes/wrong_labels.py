"""The labels of an evaluation that may be wrong, as rows for a page and as a CSV file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.arrays import DoubleArray
from core.checkpoints import store
from core.evaluation.labels.out_of_sample import out_of_sample
from core.evaluation.labels.suspects import Suspects, suspects
from core.evaluation.metrics import column, distinct_names
from core.evaluation.ranking.scores import Scores, scores_of
from core.mistakes import results
from core.mistakes.selection_csv import as_text
from core.predictions import evaluation_facts, evaluations, sample_features
from core.predictions.evaluations import Evaluation


@dataclass(frozen=True, slots=True, eq=False)
class WrongLabels:
    """All labels of an evaluation in order of doubt.

    ``num_trained_on`` counts the samples that the network was trained on, label included: its predictions
    for them may be learnt by heart. ``num_held_out`` counts those of them that are judged by a last layer
    fitted without them, see `core.evaluation.labels.out_of_sample`.
    """

    evaluation: Evaluation
    class_names: tuple[str, ...]
    table: pa.Table
    suspects: Suspects
    num_trained_on: int
    num_held_out: int = 0

    @property
    def num_suspects(self) -> int:
        """The number of labels that are suspected."""
        return int(self.suspects.is_suspect.sum())

    def suggestion(self, row: int) -> tuple[int, float]:
        """The class that is suggested for a row of the table, and its probability."""
        place = int(np.flatnonzero(self.suspects.rows == row)[0])
        return int(self.suspects.suggested[place]), float(self.suspects.confidence[place])

    @property
    def caution(self) -> str | None:
        """A sentence where the network was trained on some of these samples."""
        if not self.num_trained_on:
            return None
        if self.num_held_out:
            return (
                f"{self.num_trained_on:,} of {self.table.num_rows:,} samples were used in training, with "
                f"these labels. {self.num_held_out:,} of them are judged by a last layer fitted without "
                "them; the features below it have seen all labels."
            )
        return (
            f"{self.num_trained_on:,} of {self.table.num_rows:,} samples were used in training, with these "
            "labels: wrong ones that the network has learnt are not found. Samples that it has not seen, "
            "such as its validation split, give a surer list."
        )


def read(folder: Path, evaluation: str | None = None) -> WrongLabels:
    """The labels of an evaluation of a checkpoint; without a name, of its first.

    Raises:
        EvaluationError: there is no evaluation, or none of that name.
        CheckpointError: its table is damaged, or has other classes.
    """
    card, found = store.read_card(folder), evaluations.find(folder, evaluation)
    table, names = results.table_of(found), tuple(distinct_names(card.class_names))
    return of_table(found, names, table, scores_of(table, len(names)))


def of_table(
    evaluation: Evaluation, class_names: tuple[str, ...], table: pa.Table, scores: Scores
) -> WrongLabels:
    """The labels in the table of an evaluation, or of one of its splits."""
    trained_on = _are_trained_on(evaluation, table)
    held_out = _held_out(evaluation, table, trained_on, len(class_names)) if trained_on.any() else None
    found = suspects(table, scores, held_out)
    num_held_out = 0 if held_out is None else int(np.isfinite(held_out[:, 0]).sum())
    return WrongLabels(evaluation, class_names, table, found, int(trained_on.sum()), num_held_out)


def csv_of(wrong: WrongLabels) -> bytes:
    """All labels as a CSV file, the most doubtful first; texts as in `selection_csv`.

    Columns: ``sample_id``, ``path``, the ``given`` and the ``suggested`` class, the ``score`` (quality of the
    label, 0 to 1, low if it is doubtful), and ``suspect``, yes or no.
    """
    found, names = wrong.suspects, np.array([as_text(name) for name in wrong.class_names], dtype=object)
    columns: dict[str, Any] = {
        name: [as_text(each) for each in wrong.table[name].take(pa.array(found.rows)).to_pylist()]
        for name in ("sample_id", "path")
    }
    columns |= {
        "given": names[column(wrong.table, "label")[found.rows]],
        "suggested": names[found.suggested],
        "score": found.quality.round(6),
        "suspect": np.where(found.is_suspect, "yes", "no"),
    }
    text: str = pd.DataFrame(columns).to_csv(index=False, lineterminator="\n")
    return text.encode()


def _are_trained_on(evaluation: Evaluation, table: pa.Table) -> NDArray[np.bool_]:
    """Whether each sample (N,) is of the training split, if these are the images of the training."""
    own = evaluation_facts.own_fingerprint(evaluation.of)
    if own is None or evaluation.facts.fingerprint != own:
        return np.zeros(table.num_rows, bool)
    return np.asarray(pc.equal(table["split"], "train"))


def _held_out(
    evaluation: Evaluation, table: pa.Table, trained_on: NDArray[np.bool_], num_classes: int
) -> DoubleArray | None:
    """Probabilities (N, C) by a last layer that was fitted without the sample, NaN where not trained on.

    None for an evaluation without features.
    """
    features = sample_features.read(evaluation)
    if features is None:
        return None
    whole = pq.read_table(evaluation.table, columns=["sample_id"])["sample_id"].combine_chunks()
    rows = pc.index_in(table["sample_id"], value_set=whole).to_numpy()
    labels = column(table, "label").astype(np.int64)
    found = out_of_sample(np.asarray(features[rows]), labels, num_classes)
    found[~trained_on] = np.nan
    return found
