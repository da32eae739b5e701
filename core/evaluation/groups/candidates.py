"""A set of samples that may be a group: how it is described, who is in it, and how typical each member is."""

from dataclasses import dataclass

import numpy as np

from core.arrays import DoubleArray, IntArray
from core.evaluation.groups.conditions import Condition
from core.evaluation.groups.population import Booleans, Scope

LEAST_SIZE = 10


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Samples ``rows`` (n,) within a scope, and how ``typical`` (n,) each is: the larger the more.

    All of ``conditions`` hold for them; a cluster has none. ``cost`` is what its description costs: of two
    candidates with the same evidence, the simpler one is kept.
    """

    scope: Scope
    rows: IntArray
    typical: DoubleArray
    conditions: tuple[Condition, ...]
    cost: float

    def is_inside(self) -> Booleans:
        """Whether each sample of the scope (n,) is in it."""
        return np.isin(self.scope.rows, self.rows, assume_unique=True)
