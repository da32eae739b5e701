"""Two predictions tables of the same samples: which were fixed or broken, and how each class changed.

A change is always the second's number minus the first's.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.arrays import DoubleArray, IntArray
from core.errors import DataError
from core.evaluation.confusion import ConfusionMatrix, confusion_matrix
from core.evaluation.metrics import PerClass, column, is_right, metrics


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """The shared samples of two tables: row i of both is the same sample, and class indices mean the same.

    ``class_names`` (C,) are those of the first, then those that only the second has. Samples and classes that
    only one of the tables has are counted and named.
    """

    first: pa.Table
    second: pa.Table
    class_names: tuple[str, ...]
    num_only_first: int
    num_only_second: int
    classes_only_first: tuple[str, ...]
    classes_only_second: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Piles:
    """The rows of a pair in four piles, by which table is right; the most telling rows first.

    ``both_right``: the second's smallest margin first. ``fixed``, right only in the second: the largest rise
    of the label's probability first. ``broken``, right only in the first: its largest fall first.
    ``both_wrong``: the second's highest loss first.
    """

    both_right: IntArray
    fixed: IntArray
    broken: IntArray
    both_wrong: IntArray


PILES = tuple(each.name for each in fields(Piles))


@dataclass(frozen=True, slots=True, eq=False)
class Matrices:
    """Both confusion matrices, and the second minus the first."""

    first: ConfusionMatrix
    second: ConfusionMatrix
    difference: ConfusionMatrix


@dataclass(frozen=True, slots=True, eq=False)
class PerClassChange:
    """Arrays (C,): the metrics of both, their change, and how many samples the second fixed and broke.

    A change is NaN if either metric is undefined.
    """

    first: PerClass
    second: PerClass
    precision: DoubleArray
    recall: DoubleArray
    f1: DoubleArray
    num_fixed: IntArray
    num_broken: IntArray
    support: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class GroupChange:
    """For each group (G,): the number of samples, and of those that the second fixed and broke."""

    num_samples: IntArray
    num_fixed: IntArray
    num_broken: IntArray


def paired(
    first: pa.Table, second: pa.Table, first_names: Sequence[str], second_names: Sequence[str]
) -> Pair:
    """The samples of both tables, by ``sample_id``, in the order of the first.

    Classes are matched by name, ignoring case; classes that share a name are matched in their order.
    DataError if no sample or no class is shared, or if a shared sample has two labels.
    """
    class_names, indices = _classes(first_names, second_names)
    shared_first, shared_second = _shared(first, second)
    pair = Pair(
        first=shared_first,
        second=_renumbered(shared_second, indices),
        class_names=class_names,
        num_only_first=first.num_rows - shared_first.num_rows,
        num_only_second=second.num_rows - shared_second.num_rows,
        classes_only_first=tuple(
            np.delete(np.array(first_names, object), indices[indices < len(first_names)])
        ),
        classes_only_second=class_names[len(first_names) :],
    )
    _refuse_other_labels(pair)
    return pair


def part_of(pair: Pair, chosen: NDArray[np.bool_]) -> Pair:
    """The rows of a pair that are ``chosen`` (N,)."""
    first, second = (table.filter(pa.array(chosen)) for table in (pair.first, pair.second))
    return Pair(first, second, pair.class_names, 0, 0, (), ())


def piles(pair: Pair) -> Piles:
    """Sort all rows into the four piles."""
    first, second = is_right(pair.first), is_right(pair.second)
    rise = column(pair.second, "p_label") - column(pair.first, "p_label")
    return Piles(
        both_right=_rows(first & second, column(pair.second, "margin")),
        fixed=_rows(~first & second, -rise),
        broken=_rows(first & ~second, rise),
        both_wrong=_rows(~first & ~second, -column(pair.second, "loss")),
    )


def matrices(pair: Pair) -> Matrices:
    """The confusion matrix of each table, and their difference."""
    first, second = (
        confusion_matrix(column(table, "label"), column(table, "predicted"), len(pair.class_names))
        for table in (pair.first, pair.second)
    )
    return Matrices(first, second, second.minus(first))


def per_class_change(pair: Pair) -> PerClassChange:
    """The change in each class."""
    num_classes = len(pair.class_names)
    first, second = (metrics(table, num_classes).per_class for table in (pair.first, pair.second))
    label, sorted_rows = column(pair.first, "label"), piles(pair)
    return PerClassChange(
        first=first,
        second=second,
        precision=second.precision - first.precision,
        recall=second.recall - first.recall,
        f1=second.f1 - first.f1,
        num_fixed=np.bincount(label[sorted_rows.fixed], minlength=num_classes),
        num_broken=np.bincount(label[sorted_rows.broken], minlength=num_classes),
        support=first.support,
    )


def per_group_change(pair: Pair, sample_ids: Sequence[str], groups: IntArray) -> GroupChange:
    """The change in each group that has a shared sample.

    ``groups`` (n,) numbers the groups of ``sample_ids`` (n,), such as the frames of one video. ValueError if
    a shared sample is not among them.
    """
    places = pc.index_in(pair.first["sample_id"], value_set=pa.array(sample_ids, pa.string()))
    if places.null_count:
        raise ValueError(f"{places.null_count} of {len(places)} samples have no group, expected one for each")
    _, group = np.unique(groups[places.to_numpy()], return_inverse=True)
    sorted_rows = piles(pair)
    counts = (
        np.bincount(each, minlength=group.max() + 1)
        for each in (group, group[sorted_rows.fixed], group[sorted_rows.broken])
    )
    return GroupChange(*counts)


def _classes(first_names: Sequence[str], second_names: Sequence[str]) -> tuple[tuple[str, ...], IntArray]:
    """The class names of both tables, and the index of each class of the second among them."""
    places = {key: index for index, key in enumerate(_keys(first_names))}
    indices = np.array([places.setdefault(key, len(places)) for key in _keys(second_names)], np.int64)
    if not (indices < len(first_names)).any():
        raise DataError(
            f"no class in common: {_some(first_names)} and {_some(second_names)}; "
            "choose two checkpoints with the same classes"
        )
    added = [name for name, index in zip(second_names, indices, strict=True) if index >= len(first_names)]
    return (*first_names, *added), indices


def _keys(names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """A key for each name: the name in lower case, and how often it came before."""
    times: Counter[str] = Counter()
    for name in names:
        yield name.casefold(), times[name.casefold()]
        times[name.casefold()] += 1


def _shared(first: pa.Table, second: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The rows of the samples that both tables have, in the order of the first."""
    if first.num_rows and first["sample_id"].equals(second["sample_id"]):
        return first, second
    for table in (first, second):
        _refuse_twins(table)
    places = pc.index_in(first["sample_id"], value_set=second["sample_id"])
    if places.null_count == first.num_rows:
        raise DataError(
            f"no sample in common: {_some(first['sample_id'])} and {_some(second['sample_id'])}; "
            "choose two checkpoints that were evaluated on the same images"
        )
    return first.filter(places.is_valid()), second.combine_chunks().take(places.drop_null())


def _renumbered(table: pa.Table, indices: IntArray) -> pa.Table:
    """The table with ``indices[c]`` in the place of class c."""
    if (indices == np.arange(len(indices))).all():
        return table
    renumbering = pa.array(indices, pa.int32())
    top = table["top5"].combine_chunks()
    columns = {name: renumbering.take(table[name]) for name in ("label", "predicted")}
    columns["top5"] = pa.ListArray.from_arrays(top.offsets, renumbering.take(top.values))
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    return table


def _refuse_twins(table: pa.Table) -> None:
    twins = table.num_rows - pc.count_distinct(table["sample_id"]).as_py()
    if twins:
        raise DataError(
            f"{twins} of {table.num_rows} samples repeat the sample_id of another; evaluate again"
        )


def _refuse_other_labels(pair: Pair) -> None:
    first, second = column(pair.first, "label"), column(pair.second, "label")
    others = np.flatnonzero(first != second)
    if len(others):
        row = int(others[0])
        label, other = (pair.class_names[labels[row]] for labels in (first, second))
        raise DataError(
            f"{len(others)} of {len(first)} shared samples have a different label in the second table, "
            f"such as {pair.first['sample_id'][row].as_py()!r}: {label!r} and {other!r}; "
            "choose two checkpoints that were evaluated on the same labels"
        )


def _some(values: Any) -> str:  # noqa: ANN401 (a sequence of names or a column of them)
    """The first two values, for a message."""
    return ", ".join(repr(str(each)) for each in values[:2]) + (" …" if len(values) > 2 else "")


def _rows(chosen: NDArray[np.bool_], order: NDArray[Any]) -> IntArray:
    """The chosen rows, lowest ``order`` first."""
    rows = np.flatnonzero(chosen)
    return rows[np.argsort(order[rows], kind="stable")]
