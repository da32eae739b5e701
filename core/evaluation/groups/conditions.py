"""Conditions on one property: those that hold for many mistakes, and all that might."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.arrays import DoubleArray
from core.evaluation.groups.evidence import Tally, allowed_gain, sums
from core.evaluation.groups.population import Booleans

_QUANTILES = np.linspace(0.025, 0.975, 39)
_COARSE = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95)
_MOST_VALUES = 100  # Of a column of texts: more are names, not kinds.


@dataclass(frozen=True, slots=True)
class Condition:
    """On one column of the properties: a number in [``low``, ``high``), or a text equal to ``value``."""

    column: str
    low: float = -np.inf
    high: float = np.inf
    value: str | None = None

    def holds(self, properties: pd.DataFrame) -> Booleans:
        """Whether it holds for each row; it never does where the property is unknown."""
        column = properties[self.column]
        if self.value is not None:
            return np.asarray(_texts(column) == self.value)
        numbers = column.to_numpy(np.float64)
        return np.asarray((numbers >= self.low) & (numbers < self.high))

    def depths(self, properties: pd.DataFrame) -> DoubleArray:
        """How far each row is inside, in the unit of the column; 0 for a text."""
        if self.value is not None:
            return np.zeros(len(properties))
        numbers = properties[self.column].to_numpy(np.float64)
        return np.asarray(np.minimum(numbers - self.low, self.high - numbers))


def is_number(column: pd.Series) -> bool:
    """Whether a column is compared by size: numbers, not yes and no."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def best(column: pd.Series, counts: Tally, inside: Booleans) -> Iterator[tuple[Condition, float]]:
    """The conditions on a column that gain most for the samples ``inside``, with what they gain.

    Of numbers, one upper and one lower limit, both quantiles; of texts, each value.
    """
    if is_number(column):
        yield from _best_limits(column, counts, inside)
    else:
        yield from _best_values(column, counts, inside)


def every(column: pd.Series) -> Iterator[Condition]:
    """All values of a column of texts; of numbers, limits at a few quantiles."""
    name = str(column.name)
    if not is_number(column):
        values = _texts(column).dropna().unique()
        yield from (Condition(name, value=value) for value in values[:_MOST_VALUES] if len(values) > 1)
        return
    for edge in _edges(column.to_numpy(np.float64), _COARSE):
        yield Condition(name, high=float(edge))
        yield Condition(name, low=float(edge))


def _best_limits(column: pd.Series, counts: Tally, inside: Booleans) -> Iterator[tuple[Condition, float]]:
    numbers = column.to_numpy(np.float64)
    known = inside & np.isfinite(numbers)
    edges = _edges(numbers[known], _QUANTILES)
    if not len(edges):
        return
    parts = sums(np.searchsorted(edges, numbers[known], side="right"), counts.only(known), len(edges) + 1)
    below = np.cumsum(parts, axis=1)[:, :-1]
    above = parts.sum(axis=1, keepdims=True) - below
    for is_low, part in ((False, below), (True, above)):
        gained = allowed_gain(part, counts.whole())
        index = int(gained.argmax())
        if gained[index] > 0:
            edge, name = float(edges[index]), str(column.name)
            yield Condition(name, low=edge) if is_low else Condition(name, high=edge), float(gained[index])


def _best_values(column: pd.Series, counts: Tally, inside: Booleans) -> Iterator[tuple[Condition, float]]:
    codes, values = pd.factorize(_texts(column))
    if not 1 < len(values) <= _MOST_VALUES:
        return
    known = inside & (codes >= 0)
    gained = allowed_gain(sums(codes[known], counts.only(known), len(values)), counts.whole())
    for index in np.flatnonzero(gained > 0).tolist():
        yield Condition(str(column.name), value=str(values[index])), float(gained[index])


def _edges(numbers: DoubleArray, quantiles: DoubleArray | tuple[float, ...]) -> DoubleArray:
    """Quantiles of the known numbers, above the smallest of them: a limit there leaves none below."""
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return np.zeros(0)
    edges = np.unique(np.quantile(known, quantiles))
    return np.asarray(edges[edges > known.min()])


def _texts(column: pd.Series) -> pd.Series:
    """The values as text; None where unknown."""
    return column.astype("object").map(str, na_action="ignore")
