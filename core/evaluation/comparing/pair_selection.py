"""Filter the samples of a pair of predictions tables, and list its classes by how much they changed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.arrays import IntArray
from core.evaluation.comparing.comparison import PILES, Pair, PerClassChange, Piles
from core.evaluation.metrics import column

ALL = "all"
MOST_TELLING = ("fixed", "broken", "both_wrong", "both_right")


@dataclass(frozen=True, slots=True)
class PairFilter:
    """The pile of a sample (`ALL`: any), its true class, and the class that each predicts (None: any)."""

    pile: str = ALL
    label: int | None = None
    first: int | None = None
    second: int | None = None

    def __post_init__(self) -> None:
        if self.pile not in (ALL, *PILES):
            raise ValueError(f"no pile {self.pile!r}; there is {ALL}, {', '.join(PILES)}")


def selected(pair: Pair, piles: Piles, wanted: PairFilter) -> IntArray:
    """The rows (n,) that pass the filter, in the order of their pile; of `ALL`, changed samples first."""
    chosen = MOST_TELLING if wanted.pile == ALL else (wanted.pile,)
    rows = np.concatenate([getattr(piles, name) for name in chosen])
    parts = (
        (pair.first, "label", wanted.label),
        (pair.first, "predicted", wanted.first),
        (pair.second, "predicted", wanted.second),
    )
    for table, name, class_idx in parts:
        if class_idx is not None:
            rows = rows[column(table, name)[rows] == class_idx]
    return rows


def usual_pile(piles: Piles) -> str:
    """The most telling pile that has samples."""
    return next(name for name in MOST_TELLING if len(getattr(piles, name)))


def change_table(change: PerClassChange, class_names: Sequence[str]) -> pd.DataFrame:
    """A row for each class with samples, most changed first; recalls in percent, ``change`` in points."""
    rows = pd.DataFrame(
        {
            "class_idx": range(len(class_names)),
            "name": class_names,
            "support": change.support,
            "fixed": change.num_fixed,
            "broken": change.num_broken,
            "before": change.first.recall * 100,
            "after": change.second.recall * 100,
            "change": change.recall * 100,
        }
    )
    rows = rows[rows["support"] > 0]
    rows = rows.iloc[np.lexsort((-(rows["fixed"] + rows["broken"]), -rows["change"].abs()))]
    return rows.reset_index(drop=True)
