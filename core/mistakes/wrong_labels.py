"""The labels of an evaluation that may be wrong, as rows for a page and as a CSV file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.checkpoints import store
from core.evaluation.labels.suspects import Suspects, suspects
from core.evaluation.metrics import column, distinct_names
from core.evaluation.ranking.scores import Scores, scores_of
from core.mistakes import results
from core.mistakes.selection_csv import as_text
from core.predictions import evaluation_facts, evaluations
from core.predictions.evaluations import Evaluation


@dataclass(frozen=True, slots=True, eq=False)
class WrongLabels:
    """All labels of an evaluation in order of doubt.

    ``num_trained_on`` counts the samples that the network was trained on, label included: their wrong labels
    may be learnt by heart, and then are not found.
    """

    evaluation: Evaluation
    class_names: tuple[str, ...]
    table: pa.Table
    suspects: Suspects
    num_trained_on: int

    @property
    def num_suspects(self) -> int:
        """The number of labels that are suspected."""
        return int(self.suspects.is_suspect.sum())

    @property
    def caution(self) -> str | None:
        """A sentence where the network was trained on some of these samples."""
        if not self.num_trained_on:
            return None
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
    found = suspects(table, scores)
    return WrongLabels(evaluation, class_names, table, found, _num_trained_on(evaluation, table))


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
        "suggested": names[column(wrong.table, "predicted")[found.rows]],
        "score": found.quality.round(6),
        "suspect": np.where(found.is_suspect, "yes", "no"),
    }
    text: str = pd.DataFrame(columns).to_csv(index=False, lineterminator="\n")
    return text.encode()


def _num_trained_on(evaluation: Evaluation, table: pa.Table) -> int:
    """The samples of the training split, if these are the images of the training."""
    own = evaluation_facts.own_fingerprint(evaluation.of)
    if own is None or evaluation.facts.fingerprint != own:
        return 0
    return int(pc.sum(pc.equal(table["split"], "train")).as_py() or 0)
