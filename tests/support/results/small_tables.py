"""Tables of predictions, by hand and by chance."""

import math
from typing import Any

import pyarrow as pa
import torch

from core.predictions import prediction_table


def random_table(num_samples: int, num_classes: int, seed: int = 0) -> tuple[pa.Table, Any]:
    """A table of a model that is often right, and all its probabilities (N, C)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(num_classes, (num_samples,), generator=generator)
    logits = torch.randn(num_samples, num_classes, generator=generator, dtype=torch.float64)
    logits += 1.5 * torch.nn.functional.one_hot(labels, num_classes)
    ids = [str(each) for each in range(num_samples)]
    table = prediction_table.rows(logits, labels, sample_ids=ids, paths=ids, split="val")
    return table, logits.softmax(1).float().numpy()


def table_of(label: list[int], predicted: list[int], p_predicted: list[float] | None = None) -> pa.Table:
    """Only what the metrics need; a wrong label is as improbable as the sample is sure."""
    sure = p_predicted or [0.75] * len(label)
    right = [a == b for a, b in zip(label, predicted, strict=True)]
    p_label = [p if fine else 1 - p for p, fine in zip(sure, right, strict=True)]
    return pa.table(
        {
            "label": pa.array(label, pa.int32()),
            "predicted": pa.array(predicted, pa.int32()),
            "p_label": pa.array(p_label, pa.float32()),
            "p_predicted": pa.array(sure, pa.float32()),
            "top5": pa.array([[each] for each in predicted], pa.list_(pa.int32())),
            "top5_probability": pa.array([[each] for each in sure], pa.list_(pa.float32())),
            "loss": pa.array([-math.log(max(p, 1e-9)) for p in p_label], pa.float32()),
            "margin": pa.array([2 * p - 1 for p in sure], pa.float32()),
        }
    )


# Class 2 has no samples, class 3 is never predicted.
HAND = table_of([0, 0, 0, 1, 1, 3], [0, 0, 1, 1, 2, 0])
