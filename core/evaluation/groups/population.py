"""What is known of the samples among which groups are searched, and the parts in which they are searched."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.arrays import FloatArray, IntArray

Booleans = NDArray[np.bool_]
EVERYWHERE, TRUE, PREDICTED = "everywhere", "true", "predicted"
LEAST_MISTAKES = 6  # In a scope: fewer cannot be told from chance when halved.


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """N samples: ``labels``, ``predicted`` and ``p_label`` (N,), the probability of the true class.

    ``properties`` has a row for each sample and any number of columns: numbers (NaN where unknown), or texts
    (None where unknown). ``features`` (N, D) is what the last linear layer reads; None if it is not known.
    """

    class_names: tuple[str, ...]
    labels: IntArray
    predicted: IntArray
    p_label: FloatArray
    properties: pd.DataFrame
    features: NDArray[np.float16] | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.labels), len(self.predicted), len(self.p_label), len(self.properties)}
        lengths |= set() if self.features is None else {len(self.features)}
        if len(lengths) != 1:
            raise ValueError(
                f"labels, predicted, p_label, properties and features differ in length: {lengths}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_wrong(self) -> Booleans:
        """Whether each sample is a mistake (N,)."""
        return np.asarray(self.labels != self.predicted)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Samples ``rows`` (n,) among which groups are searched: all, or those of true or predicted ``classes``.

    A group is compared with other samples of its stratum only: ``strata`` (n,) is the true class, within a
    predicted class that class. A class that is hard as a whole is therefore no group.
    """

    kind: str
    rows: IntArray
    strata: IntArray
    classes: tuple[int, ...] = ()


def scopes(population: Population) -> Iterator[Scope]:
    """All samples, then each true and each predicted class that has enough mistakes."""
    is_wrong = population.is_wrong
    yield Scope(EVERYWHERE, np.arange(len(population)), population.labels)
    for kind, classes in ((TRUE, population.labels), (PREDICTED, population.predicted)):
        mistakes = np.bincount(classes[is_wrong], minlength=len(population.class_names))
        order, starts = _grouped(classes, len(population.class_names))
        for class_idx in np.flatnonzero(mistakes >= LEAST_MISTAKES).tolist():
            rows = order[starts[class_idx] : starts[class_idx + 1]]
            yield Scope(kind, rows, classes[rows], (class_idx,))


def limited(scope: Scope, classes: tuple[int, ...]) -> Scope:
    """The part of the scope of all samples that is of these true classes."""
    kept = np.isin(scope.strata, classes)
    return Scope(TRUE, scope.rows[kept], scope.strata[kept], classes)


def _grouped(classes: IntArray, num_classes: int) -> tuple[IntArray, IntArray]:
    """The rows sorted by class, and where each class starts among them."""
    counts = np.bincount(classes, minlength=num_classes)
    return np.argsort(classes, kind="stable"), np.concatenate([[0], np.cumsum(counts)])
