"""The map of the data: a point for each sample, where samples that the network sees as alike are close."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.arrays import DoubleArray, FloatArray, IntArray
from core.evaluation.feature_space import umap_plane
from core.evaluation.feature_space.areas import on_unit_square
from core.evaluation.feature_space.plane import main_plane
from core.evaluation.metrics import column, is_right
from core.mistakes.results import Results
from core.predictions import properties, sample_features
from core.predictions.sample_features import Features

OUTCOME, TRUE, PREDICTED, LOSS, PROBABILITY = (
    "outcome",
    "true class",
    "predicted class",
    "loss",
    "probability",
)
OTHERS = "others"
UNKNOWN = 255  # The shade of an unknown number.
MOST_COLOURS = 10  # Categories with a colour of their own.


@dataclass(frozen=True, slots=True, eq=False)
class DataMap:
    """The points (N, 2) of the rows of a table, from 0 to 1.

    ``share`` is that of the variance along the axes, where these are main directions; else None.
    """

    points: FloatArray
    share: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """A category for each row: ``idx`` (N,) into ``names``, the most frequent first, at last `OTHERS`."""

    names: tuple[str, ...]
    idx: IntArray

    def sizes(self) -> list[int]:
        """The number of rows of each category."""
        counts: list[int] = np.bincount(self.idx, minlength=len(self.names)).tolist()
        return counts


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """A number for each row as one of 255 ``shades`` (N,), from 0 at ``low`` to 254 at ``high``.

    Numbers outside, at most 1% on either side, have the shade of the end; unknown ones have 255.
    """

    shades: IntArray
    low: float
    high: float


def features_of(results: Results) -> Features | None:
    """The features (N, D) of the rows of the results' table; None if the evaluation has none."""
    features = sample_features.read(results.evaluation)
    if features is None or len(results.splits) == 1:
        return features
    return features[rows_in_table(results)]


def properties_of(results: Results) -> pd.DataFrame:
    """The properties of the rows of the results' table; without columns if the evaluation has none."""
    known = properties.read(results.evaluation)
    if known is None:
        return pd.DataFrame(index=range(results.table.num_rows))
    return known.drop(columns="sample_id").iloc[rows_in_table(results)].reset_index(drop=True)


def data_map(results: Results) -> DataMap | None:
    """The map of the results' samples; None if the evaluation has no features."""
    features = features_of(results)
    if features is None:
        return None
    plane = main_plane(features)
    return DataMap(on_unit_square(plane.points), sum(plane.shares))


def has_umap(results: Results) -> bool:
    """Whether there is a map by UMAP: the library is installed, and the samples are not too many."""
    return umap_plane.is_installed() and results.table.num_rows <= umap_plane.MOST


def umap_map(results: Results) -> DataMap | None:
    """The map by UMAP; None if the evaluation has no features. Raises as `umap_plane.umap_plane`."""
    features = features_of(results)
    return None if features is None else DataMap(on_unit_square(umap_plane.umap_plane(features)))


def colourings(known: pd.DataFrame) -> list[str]:
    """What points can be coloured by: results first, then the properties that differ between samples."""
    varied = [name for name in known if known[name].nunique() > 1]
    return [OUTCOME, TRUE, PREDICTED, LOSS, PROBABILITY, *varied]


def colouring(results: Results, known: pd.DataFrame, name: str) -> Categories | Amounts:
    """The category or the number by which each row is coloured."""
    table = results.table
    if name in (TRUE, PREDICTED):
        classes = column(table, "label" if name == TRUE else "predicted")
        return _categories([results.class_names[class_idx] for class_idx in classes.tolist()])
    if name == OUTCOME:
        return Categories(("right", "wrong"), (~is_right(table)).astype(np.int64))
    if name in (LOSS, PROBABILITY):
        return amounts(column(table, "loss" if name == LOSS else "p_predicted").astype(np.float64))
    if pd.api.types.is_numeric_dtype(known[name]):
        return amounts(known[name].to_numpy(np.float64))
    return _categories(known[name].fillna("unknown").astype(str).tolist())


def amounts(numbers: DoubleArray) -> Amounts:
    """Numbers (N,), of which some may be NaN, as shades."""
    known = np.isfinite(numbers)
    low, high = np.quantile(numbers[known], [0.01, 0.99]).tolist() if known.any() else (0.0, 0.0)
    shares = (np.where(known, numbers, low) - low) / max(high - low, 1e-12)
    shades = np.where(known, np.round(254 * shares.clip(0, 1)), UNKNOWN)
    return Amounts(shades.astype(np.int64), low, high)


def _categories(values: Sequence[str]) -> Categories:
    frequent = [name for name, _ in Counter(values).most_common()]
    names = frequent if len(frequent) <= MOST_COLOURS else [*frequent[:MOST_COLOURS], OTHERS]
    number = {name: min(place, len(names) - 1) for place, name in enumerate(frequent)}
    return Categories(tuple(names), np.array([number[value] for value in values], np.int64))


def rows_in_table(results: Results) -> NDArray[np.intp]:
    """The rows of the whole predictions table that are in the results' split."""
    splits = pq.read_table(results.evaluation.table, columns=["split"])["split"]
    return np.flatnonzero(pc.equal(splits, results.split).to_numpy())
