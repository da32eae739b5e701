"""What sets a group apart from the samples with which it is compared, property by property."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.evaluation.groups.conditions import is_number
from core.evaluation.groups.population import Booleans
from core.shares import three_digits, whole_percent

_LEAST = 0.25  # Of the strength: an area under the curve of 0.75, or 25 points.
_MOST = 4


@dataclass(frozen=True, slots=True)
class Contrast:
    """A property inside and outside: medians of numbers, or the shares of one value; ``strength`` 0 to 1."""

    column: str
    inside: float
    outside: float
    strength: float
    value: str | None = None

    def __str__(self) -> str:
        """``brightness 0.08, elsewhere 0.31``; ``camera A 80%, elsewhere 20%``."""
        column = self.column.replace("_", " ")
        if self.value is None:
            return f"{column} {three_digits(self.inside)}, elsewhere {three_digits(self.outside)}"
        shares = f"{whole_percent(self.inside)}, elsewhere {whole_percent(self.outside)}"
        return f"{column} {self.value} {shares}"


def contrasts(properties: pd.DataFrame, is_inside: Booleans) -> list[Contrast]:
    """The largest contrasts between the rows inside and the others, at most four."""
    every = [each for name in properties.columns for each in _of_column(properties[name], is_inside)]
    strong = [each for each in every if each.strength >= _LEAST]
    return sorted(strong, key=lambda each: -each.strength)[:_MOST]


def _of_column(column: pd.Series, is_inside: Booleans) -> Iterator[Contrast]:
    known = column.notna().to_numpy()
    inside, outside = column[known & is_inside], column[known & ~is_inside]
    if not len(inside) or not len(outside):
        return
    if is_number(column):
        area = _area(inside.to_numpy(np.float64), outside.to_numpy(np.float64))
        yield Contrast(str(column.name), float(inside.median()), float(outside.median()), 2 * abs(area - 0.5))
        return
    shares = inside.astype(str).value_counts(normalize=True)
    others = outside.astype(str).value_counts(normalize=True).reindex(shares.index, fill_value=0.0)
    value = str((shares - others).idxmax())
    more = float(shares[value] - others[value])
    yield Contrast(str(column.name), float(shares[value]), float(others[value]), max(more, 0.0), value)


def _area(inside: np.ndarray, outside: np.ndarray) -> float:
    """The probability that a number inside is larger than one outside, ties counted as half."""
    ordered = np.sort(outside)
    less, up_to = (np.searchsorted(ordered, inside, side=side) for side in ("left", "right"))
    return float((less + up_to).mean() / (2 * len(outside)))
