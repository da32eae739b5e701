"""What one training of an experiment measured: on its validation images, and on the test set."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.checkpoints import paths, store
from core.files import stored
from core.predictions import evaluations
from core.predictions.evaluations import Evaluation
from core.training.experiments.plan import PlannedRun

_NUMBERS = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss")
TEST = "test"  # The split on which variants are compared.
_COLUMNS = ["sample_id", "label", "predicted"]


@dataclass(frozen=True, slots=True, eq=False)
class RunScores:
    """The scores of one training.

    Attributes:
        run: Variant and seed.
        table: ``sample_id``, ``label`` and ``predicted`` of each test image.
        test: ``accuracy``, ``balanced_accuracy``, ``macro_f1``, ``lowest_recall`` (of the worst class) and
            ``log_loss`` (nats) on the test set.
        validation: The same on the validation images, for the epoch that is kept; empty if unknown.
        seconds: The training's time.
        parameters: Parameters of the network, trained and frozen.
    """

    run: PlannedRun
    table: pa.Table
    test: dict[str, float]
    validation: dict[str, float]
    seconds: float
    parameters: int


def scores_of(run: PlannedRun, evaluation: Evaluation) -> RunScores:
    """The scores of a run from the folder of its checkpoint and its evaluation on the test set."""
    folder = evaluation.of
    own = evaluation_of(folder, "val")
    return RunScores(
        run,
        pq.read_table(evaluation.table, columns=_COLUMNS),
        numbers(evaluation),
        {} if own is None else numbers(own),
        float(store.read_card(folder).training.get("seconds", 0.0)),
        sum(each.numel() for each in store.load(folder).model.parameters()),
    )


def evaluation_of(folder: Path, split: str) -> Evaluation | None:
    """The evaluation of a training on one of its splits; None before it is made."""
    return next((each for each in evaluations.every(folder) if each.facts.split == split), None)


def numbers(evaluation: Evaluation) -> dict[str, float]:
    """The measures of `RunScores`, from the evaluation's metrics."""
    known: Mapping[str, Any] = stored.read_json(evaluation.folder / paths.METRICS)
    recalls = (each["recall"] for each in known["per_class"].values())
    lowest = min(recall for recall in recalls if recall is not None)
    return {name: float(known[name]) for name in _NUMBERS} | {"lowest_recall": float(lowest)}
