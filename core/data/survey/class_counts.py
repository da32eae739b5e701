"""The number of images of each class; of many classes, only the largest and the smallest."""

from dataclasses import dataclass

import numpy as np

from core.data.survey.report import DataReport

_ENDS = 10  # Largest and smallest classes.


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Classes with their numbers of training and validation images.

    A few classes keep their own order. Of many, the largest are listed and then equally many of the smallest;
    ``num_left_out`` classes lie between them.
    """

    names: tuple[str, ...]
    train: tuple[int, ...]
    val: tuple[int, ...]
    num_left_out: int


def class_counts(report: DataReport, ends: int = _ENDS) -> ClassCounts:
    """The counts of a report; more than twice ``ends`` classes are cut to the largest and the smallest."""
    order = np.arange(len(report.class_names))
    num_left_out = max(0, len(order) - 2 * ends)
    if num_left_out:
        by_size = np.argsort(-report.counts.sum(axis=1), kind="stable")
        order = np.concatenate([by_size[:ends], by_size[-ends:]])
    names = tuple(report.class_names[index] for index in order)
    train, val = (tuple(report.counts[order, split].tolist()) for split in (0, 1))
    return ClassCounts(names, train, val, num_left_out)
