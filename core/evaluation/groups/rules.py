"""Short rules over properties that hold for many mistakes: one or two conditions, and a set of classes.

A beam search over subgroups (Klösgen 1996, Explora): the best single conditions, then each with a second one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import lgamma

import numpy as np
import pandas as pd

from core.arrays import DoubleArray
from core.evaluation.groups import conditions
from core.evaluation.groups.candidates import Candidate
from core.evaluation.groups.conditions import Condition
from core.evaluation.groups.evidence import Tally, allowed_gain, sums, tally
from core.evaluation.groups.population import EVERYWHERE, Booleans, Population, Scope, limited

_BEAM, _KEPT = 5, 12
_LEVEL = 4.0  # Gains that differ by less are about the same: chi-squared with one degree of freedom.
# What a condition costs, in units of `evidence.gain`: a limit, about the best gain of all limits by chance; a
# value, less. Values are few, and a person named them; where both describe a group, the value is the reason.
_COST_OF_LIMIT, _COST_OF_VALUE = 8.0, 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """Conditions, the samples of the scope for which all of them hold (n,), and what they gain."""

    conditions: tuple[Condition, ...]
    holds: Booleans
    gain: float


def rules(population: Population, scope: Scope, half: Booleans) -> Iterator[Candidate]:
    """The best rules in a scope for the mistakes of one half (N,): a few, the best first."""
    properties = population.properties.iloc[scope.rows]
    counts = tally(scope, population.is_wrong, half)
    everyone = Rule((), np.ones(len(scope.rows), bool), 0.0)
    singles = _extended(everyone, properties, counts)
    pairs = [pair for one in singles[:_BEAM] for pair in _extended(one, properties, counts)[:_BEAM]]
    for each in sorted([*singles, *pairs], key=lambda rule: _cost(rule.conditions) - rule.gain)[:_KEPT]:
        yield _candidate(scope, properties, each)
    if scope.kind == EVERYWHERE:
        yield from _in_some_classes(scope, properties, counts)


def _extended(rule: Rule, properties: pd.DataFrame, counts: Tally) -> list[Rule]:
    """The rule with one more condition: the best ones, the best first."""
    used = {each.column for each in rule.conditions}
    extended = [
        Rule((*rule.conditions, condition), rule.holds & condition.holds(properties), gained)
        for name in properties.columns
        if name not in used
        for condition, gained in conditions.best(properties[name], counts, rule.holds)
    ]
    return sorted(extended, key=lambda each: _cost(each.conditions) - each.gain)[:_KEPT]


def _in_some_classes(scope: Scope, properties: pd.DataFrame, counts: Tally) -> Iterator[Candidate]:
    """Rules of one condition, each limited to the true classes in which it gains most."""
    kept = []
    for name in properties.columns:
        for condition in conditions.every(properties[name]):
            holds = condition.holds(properties)
            classes, gained = _best_classes(scope, counts, holds)
            if gained > 0:
                kept.append((gained, condition, holds, classes))
    kept.sort(key=lambda each: _cost_of_classes(scope, each[3]) + _cost((each[1],)) - each[0])
    for gained, condition, holds, classes in kept[:_KEPT]:
        within = np.isin(scope.strata, classes)
        rule = Rule((condition,), holds[within], gained)
        yield _candidate(limited(scope, classes), properties[within], rule, _cost_of_classes(scope, classes))


def _best_classes(scope: Scope, counts: Tally, holds: Booleans) -> tuple[tuple[int, ...], float]:
    """Two or more classes, not all, in which the samples that ``holds`` gain most, and what they gain."""
    num_classes = int(scope.strata.max()) + 1
    inside = sums(scope.strata[holds], counts.only(holds), num_classes)
    outside = sums(scope.strata, counts, num_classes)
    excess = (inside[1] - inside[2]) / np.sqrt(np.maximum(inside[2], 1e-9))
    order = np.argsort(-excess, kind="stable")[: int((excess > 0).sum())]
    if len(order) < 2:
        return (), 0.0
    parts, wholes = (np.cumsum(each[:, order], axis=1) for each in (inside, outside))
    gained = [float(allowed_gain(parts[:, [k]], tuple(wholes[:, k]))[0]) for k in range(len(order))]
    # The most classes of those that gain about as much: a class by chance without mistakes belongs to them.
    most = int(np.flatnonzero(np.array(gained[1:]) >= max(gained[1:]) - _LEVEL)[-1]) + 1
    num_present = int((outside[0] > 0).sum())
    return (tuple(sorted(order[: most + 1].tolist())), gained[most]) if most + 1 < num_present else ((), 0.0)


def _cost(rule: tuple[Condition, ...]) -> float:
    return sum(_COST_OF_LIMIT if each.value is None else _COST_OF_VALUE for each in rule)


def _cost_of_classes(scope: Scope, classes: tuple[int, ...]) -> float:
    """What naming these classes costs: twice the log of the number of such choices."""
    present, chosen = len(np.unique(scope.strata)), len(classes)
    return 2 * (lgamma(present + 1) - lgamma(chosen + 1) - lgamma(present - chosen + 1))


def _candidate(scope: Scope, properties: pd.DataFrame, rule: Rule, cost: float = 0.0) -> Candidate:
    inside = properties[rule.holds]
    return Candidate(
        scope,
        scope.rows[rule.holds],
        _typical(inside, rule.conditions),
        rule.conditions,
        cost + _cost(rule.conditions),
    )


def _typical(inside: pd.DataFrame, rule: tuple[Condition, ...]) -> DoubleArray:
    """How far inside its nearest limit each member is: the share of members that are less far."""
    ranks = [pd.Series(each.depths(inside)).rank(pct=True).to_numpy(np.float64) for each in rule]
    return np.asarray(np.minimum.reduce(ranks))
