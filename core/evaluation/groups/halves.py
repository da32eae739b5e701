"""Two halves of the samples: in one groups are found, in the other they are confirmed."""

import numpy as np

from core.arrays import IntArray
from core.evaluation.groups.population import Booleans


def first_half(labels: IntArray, is_wrong: Booleans, seed: int) -> Booleans:
    """Whether each sample (N,) is in the first half.

    Of each class, of its right and its wrong samples, half are, give or take one. The same seed gives the
    same halves.
    """
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(labels))
    strata = 2 * labels + is_wrong
    order = shuffled[np.argsort(strata[shuffled], kind="stable")]
    # Every second one in this order: an odd stratum passes its turn on to the next.
    is_first = np.zeros(len(labels), bool)
    is_first[order[rng.integers(2) :: 2]] = True
    return is_first
