"""The content of ``metrics.json``: every number about the predictions of a checkpoint, by its usual name."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from core.evaluation.curves import ranking
from core.evaluation.metrics import FloatArray, distinct_names, metrics

_LARGEST_WRITTEN_MATRIX = 200
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


def summary(table: pa.Table, class_names: Sequence[str]) -> dict[str, Any]:
    """Numbers or null, never NaN, of a predictions table; the confusion matrix only of up to 200 classes.

    ``roc_auc`` and ``average_precision`` are of one class against the rest, null where all samples are of it
    or none; their ``macro`` is the mean over the other classes. With more than five classes they are upper
    bounds: see `core.evaluation.curves`. Of classes that share a name each has its index behind it.
    """
    found, areas = metrics(table, len(class_names)), asdict(ranking(table, len(class_names)))
    averages = {
        f"{kind}_{name}": value
        for kind in ("macro", "weighted")
        for name, value in asdict(getattr(found, kind)).items()
    } | {f"macro_{name}": _mean(values) for name, values in areas.items()}
    arrays = {name: values.tolist() for name, values in (asdict(found.per_class) | areas).items()}
    per_class = {
        name: {each: _number(values[index]) for each, values in arrays.items()}
        for index, name in enumerate(distinct_names(class_names))
    }
    numbers = {name: getattr(found, name) for name in _NUMBERS} | averages
    content = {name: _number(value) for name, value in numbers.items()} | {"per_class": per_class}
    if len(class_names) <= _LARGEST_WRITTEN_MATRIX:
        content["confusion_matrix"] = found.confusion_matrix.tolist()
    return content


def _mean(values: FloatArray) -> float:
    """Of what is defined; NaN if nothing is."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else math.nan


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
