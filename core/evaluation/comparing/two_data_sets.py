"""One network on two data sets: how much does its accuracy change, and in which classes?

Both are predictions tables with the same classes. A change is the second's number minus the first's. The
samples differ, so there are no pairs: each table is taken as an independent random sample.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.arrays import DoubleArray, IntArray
from core.evaluation.comparing.significance import CAUTION, AccuracyDifference, odds, wilson
from core.evaluation.comparing.verdict import interval, p_words, points
from core.evaluation.metrics import column, is_right
from core.shares import percent

_TOO_LIKELY, _UNLIKELY = 0.05, 0.01


@dataclass(frozen=True, slots=True)
class DataSetScore:
    """The score on one data set: the number of samples, how many are right, and the mean confidence."""

    num_samples: int
    num_right: int
    confidence: float

    @property
    def accuracy(self) -> float:
        """The share of samples that are right."""
        return self.num_right / self.num_samples


@dataclass(frozen=True, slots=True, eq=False)
class ClassShift:
    """Arrays (C,): samples and recall on both data sets, and the change with its 95% interval.

    Without samples a recall is NaN, and so is its change.
    """

    first_support: IntArray
    second_support: IntArray
    first: DoubleArray
    second: DoubleArray
    change: DoubleArray
    low: DoubleArray
    high: DoubleArray


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """The change from the first data set to the second.

    ``p_value`` is the probability of a difference at least as large if the network is equally good on both.
    ``num_shared`` samples are in both. ``same_mix`` is the second accuracy with the class frequencies of the
    first data set, None if the second lacks one of its classes.
    """

    first: DataSetScore
    second: DataSetScore
    difference: AccuracyDifference
    p_value: float
    num_shared: int
    same_mix: float | None
    classes: ClassShift


def shift(first: pa.Table, second: pa.Table, num_classes: int) -> Shift:
    """Compare the predictions of one network on two data sets."""
    from scipy.stats import fisher_exact  # noqa: PLC0415 (a second, only where it is needed)

    scores = _score(first), _score(second)
    counts = [[each.num_right, each.num_samples - each.num_right] for each in scores]
    classes = _class_shift(first, second, num_classes)
    return Shift(
        *scores,
        _difference(*scores),
        float(fisher_exact(counts).pvalue),
        int(pc.sum(pc.is_in(first["sample_id"], value_set=second["sample_id"])).as_py() or 0),
        _same_mix(classes),
        classes,
    )


def difference_of_shares(
    num_right: tuple[IntArray, IntArray], num_samples: tuple[IntArray, IntArray]
) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """The difference of two shares, second minus first, and its 95% interval; NaN without samples.

    Newcombe's hybrid of two Wilson intervals (Newcombe 1998, method 10, doi:10.1002/(SICI)1097-0258).
    """
    (first, low_1, high_1), (second, low_2, high_2) = (
        wilson(right, total) for right, total in zip(num_right, num_samples, strict=True)
    )
    change = second - first
    return (
        change,
        change - np.hypot(second - low_2, high_1 - first),
        change + np.hypot(high_2 - second, first - low_1),
    )


def shift_table(shifts: ClassShift, class_names: tuple[str, ...]) -> pd.DataFrame:
    """A row for each class that occurs, the largest fall first; recalls in percent, changes in points."""
    rows = pd.DataFrame(
        {
            "class_idx": range(len(class_names)),
            "name": class_names,
            "change": shifts.change * 100,
            "low": shifts.low * 100,
            "high": shifts.high * 100,
            "before": shifts.first * 100,
            "after": shifts.second * 100,
            "first_support": shifts.first_support,
            "second_support": shifts.second_support,
        }
    )
    rows = rows[(rows["first_support"] + rows["second_support"]) > 0]
    return rows.sort_values("change", kind="stable", na_position="last").reset_index(drop=True)


def headline(shift: Shift, network: str, first_name: str, second_name: str) -> str:
    """Both accuracies and their difference with its interval, in one sentence."""
    on = (
        f"{percent(score.accuracy)} of {_images(score.num_samples)} of {name}"
        for score, name in ((shift.first, first_name), (shift.second, second_name))
    )
    return (
        f"{network} is right on {' and on '.join(on)}: {points(shift.difference.value)} points, "
        f"95% interval {interval(shift.difference)}"
    )


def in_words(shift: Shift, first_name: str, second_name: str) -> str:
    """The result of the test, in sentences for readers without statistics."""
    worse = second_name if shift.difference.value < 0 else first_name
    overlap = f" {_images(shift.num_shared)} are in both sets, which the test ignores." * bool(
        shift.num_shared
    )
    return (
        "The images differ, so there are no pairs of predictions to compare. If the model were equally "
        f"good on both, a difference at least as large would have a probability of {odds(shift.p_value)}. "
        f"{_verdict(shift.p_value, worse)}{overlap} {CAUTION}"
    )


def sureness(shift: Shift, first_name: str, second_name: str) -> str:
    """The mean confidence on both data sets beside the accuracy."""
    scores = ((shift.first, first_name), (shift.second, second_name))
    said = (
        f"{percent(score.confidence)} on {name}, where accuracy is {percent(score.accuracy)}"
        for score, name in scores
    )
    return f"Mean confidence: {'; '.join(said)}."


def mix(shift: Shift, first_name: str, second_name: str) -> str:
    """The part of the change that comes from other class frequencies; empty if it is unknown."""
    if shift.same_mix is None:
        return ""
    return (
        f"With the class frequencies of {first_name}, accuracy on {second_name} would be "
        f"{percent(shift.same_mix)}."
    )


def counted(shift: Shift) -> str:
    """The test in the terms of statistics."""
    return (
        f"Fisher's exact test of two independent samples, two-sided, {p_words(shift.p_value)}; "
        "intervals by Newcombe's method"
    )


def _score(table: pa.Table) -> DataSetScore:
    confidence = float(column(table, "p_predicted").mean(dtype=np.float64))
    return DataSetScore(table.num_rows, int(is_right(table).sum()), confidence)


def _difference(first: DataSetScore, second: DataSetScore) -> AccuracyDifference:
    right, total = ((np.array(one), np.array(two)) for one, two in (
        (first.num_right, second.num_right), (first.num_samples, second.num_samples)
    ))  # fmt: skip
    value, low, high = difference_of_shares(right, total)
    return AccuracyDifference(float(value), float(low), float(high))


def _class_shift(first: pa.Table, second: pa.Table, num_classes: int) -> ClassShift:
    (support_1, right_1), (support_2, right_2) = (_by_class(each, num_classes) for each in (first, second))
    with np.errstate(invalid="ignore"):
        recalls = right_1 / support_1, right_2 / support_2
    change, low, high = difference_of_shares((right_1, right_2), (support_1, support_2))
    return ClassShift(support_1, support_2, *recalls, change, low, high)


def _by_class(table: pa.Table, num_classes: int) -> tuple[IntArray, IntArray]:
    """The number of samples of each class (C,), and of those that are right."""
    label = column(table, "label")
    return (
        np.bincount(label, minlength=num_classes),
        np.bincount(label[is_right(table)], minlength=num_classes),
    )


def _same_mix(classes: ClassShift) -> float | None:
    occurs = classes.first_support > 0
    if not classes.second_support[occurs].all():
        return None
    return float(np.average(classes.second[occurs], weights=classes.first_support[occurs]))


def _verdict(p_value: float, worse: str) -> str:
    if p_value >= _TOO_LIKELY:
        return "Chance alone could explain such a difference."
    if p_value >= _UNLIKELY:
        return f"It is unlikely, but possible, that chance alone makes {worse} look harder."
    return f"It is very unlikely that chance alone makes {worse} look harder."


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
