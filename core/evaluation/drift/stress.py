"""How far predictions hold when photos are made worse in steps: accuracy by kind, step and class."""

from dataclasses import dataclass

import numpy as np

from core.arrays import DoubleArray, IntArray
from core.evaluation.comparing.significance import wilson


@dataclass(frozen=True, slots=True)
class Degradation:
    """One step of one kind of degradation; without a kind, the photos as they are."""

    kind: str = ""
    value: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one variant does to N samples of C classes.

    ``accuracy`` with its 95% interval ``low`` to ``high``; ``per_class`` (C,) accuracies, NaN for a class
    without samples. ``flipped`` are the rows that are right as they are and wrong in this variant.
    """

    variant: Degradation
    accuracy: float
    low: float
    high: float
    per_class: DoubleArray
    flipped: IntArray


def steps(labels: IntArray, variants: list[Degradation], predicted: IntArray, num_classes: int) -> list[Step]:
    """The step of every variant; ``predicted`` (N, V) are classes, the first of the photos as they are.

    Raises:
        ValueError: the first variant has a kind.
    """
    if variants[0].kind:
        raise ValueError(f"the first variant is {variants[0]}, expected the photos as they are")
    right = predicted == labels[:, None]
    num_right = right.sum(0)
    shares = wilson(num_right, np.full(len(variants), len(labels)))
    found = []
    for place, variant in enumerate(variants):
        accuracy, low, high = (float(each[place]) for each in shares)
        per_class = _per_class(labels, right[:, place], num_classes)
        flipped = np.flatnonzero(right[:, 0] & ~right[:, place])
        found.append(Step(variant, accuracy, low, high, per_class, flipped))
    return found


def _per_class(labels: IntArray, right: np.typing.NDArray[np.bool_], num_classes: int) -> DoubleArray:
    counts = np.bincount(labels, minlength=num_classes)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(labels, right, minlength=num_classes) / counts)
