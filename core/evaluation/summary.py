"""The content of ``metrics.json``: the metrics of an evaluation by their usual names."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from core.arrays import DoubleArray, IntArray
from core.evaluation.metrics import Metrics, distinct_names, metrics
from core.evaluation.ranking.areas import WHERE_FROM, Ranking, ranking
from core.evaluation.ranking.histograms import Histogram
from core.evaluation.ranking.scores import scores_of

_LARGEST_WRITTEN_MATRIX, _MOST_WRITTEN_CLASSES = 200, 1_000
_NUMBERS = (
    "num_samples",
    "num_mistakes",
    "accuracy",
    "balanced_accuracy",
    "majority_baseline",
    "top5_accuracy",
    "log_loss",
    "ece",
)


def summary(
    table: pa.Table, class_names: Sequence[str], histogram: Histogram | None = None
) -> dict[str, Any]:
    """The metrics of a predictions table, as numbers or null; never NaN.

    ``per_class`` has up to 1,000 classes; of more, those with the lowest F1 among those that occur. Classes
    that share a name have their index after it. Undefined values are null: precision of a class that is never
    predicted, recall of a class without samples. ``roc_auc`` and ``average_precision`` compare one class with
    the rest; they are null if all samples or none are of the class, or if the scores of all classes are
    unknown. ``areas_from`` says what they are computed from. Their ``macro`` is the mean over classes with a
    value; its ``error`` bounds the distance to the exact mean. ``confusion_matrix`` is there for up to 200
    classes.
    """
    measured = metrics(table, len(class_names))
    areas = ranking(scores_of(table, len(class_names), histogram))
    averages = {
        f"{kind}_{name}": value
        for kind in ("macro", "weighted")
        for name, value in asdict(getattr(measured, kind)).items()
    }
    numbers = {name: getattr(measured, name) for name in _NUMBERS} | averages | _mean_areas(areas)
    content: dict[str, Any] = {name: _number(value) for name, value in numbers.items()}
    content["areas_from"] = WHERE_FROM[areas.kind]
    content["per_class"] = _per_class(measured, areas, distinct_names(class_names))
    if len(class_names) <= _LARGEST_WRITTEN_MATRIX:
        content["confusion_matrix"] = measured.confusion_matrix.whole().tolist()
    return content


def _mean_areas(areas: Ranking) -> dict[str, float]:
    names = ("roc_auc", "average_precision", "roc_auc_error", "average_precision_error")
    return {f"macro_{name}": _mean(getattr(areas, name)) for name in names}


def _per_class(metrics: Metrics, areas: Ranking, names: Sequence[str]) -> dict[str, dict[str, float | None]]:
    columns = asdict(metrics.per_class) | {
        "roc_auc": areas.roc_auc,
        "average_precision": areas.average_precision,
    }
    some = _written_classes(metrics, len(names))
    values = {name: column[some].tolist() for name, column in columns.items()}
    return {
        names[class_idx]: {name: _number(column[place]) for name, column in values.items()}
        for place, class_idx in enumerate(some.tolist())
    }


def _written_classes(metrics: Metrics, num_classes: int) -> IntArray:
    """All classes, or the worst of those that occur."""
    if num_classes <= _MOST_WRITTEN_CLASSES:
        return np.arange(num_classes)
    worst = np.argsort(metrics.per_class.f1, kind="stable")[:_MOST_WRITTEN_CLASSES]  # NaN comes last.
    return worst[~np.isnan(metrics.per_class.f1[worst])]


def _mean(values: DoubleArray) -> float:
    """The mean of the defined values; NaN if none is defined."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else math.nan


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
