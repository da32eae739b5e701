"""Two halves of held-out samples: one that a fix may use, and one that proves it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import IntArray
from core.errors import FixError

_LEAST = 2  # Samples of a group in each half.


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Sorted, disjoint rows of an evaluation's table: those that a fix uses, and those that it never sees."""

    used: IntArray
    untouched: IntArray


def held_out(
    labels: IntArray, inside: NDArray[np.bool_], seed: int, whole: IntArray | None = None
) -> HeldOut:
    """Half of the rows (N,) of each class, ``inside`` the group and outside of it; the same for a seed.

    ``whole`` (N,) numbers sets of rows that must not be torn apart, such as the frames of one video.

    Raises:
        FixError: a half would have fewer than two samples of the group.
    """
    rng = np.random.default_rng(seed)
    units = np.arange(len(labels)) if whole is None else whole
    _, first, unit = np.unique(units, return_index=True, return_inverse=True)
    # A unit counts where its first row does: its rows are of one class in all data sets that have units.
    kinds = 2 * labels[first] + inside[first]
    order = rng.permutation(len(first))
    order = order[np.argsort(kinds[order], kind="stable")]
    is_used = np.zeros(len(first), bool)
    is_used[order[::2]] = True  # Every second of the sorted units: half of each kind, up to one.
    chosen = is_used[unit]
    halves = HeldOut(np.flatnonzero(chosen), np.flatnonzero(~chosen))
    if min(int(inside[rows].sum()) for rows in (halves.used, halves.untouched)) < _LEAST:
        raise FixError(
            f"the group has {int(inside.sum())} samples here, too few for a half to fix with and a half to "
            "prove the fix on; evaluate on more images"
        )
    return halves
