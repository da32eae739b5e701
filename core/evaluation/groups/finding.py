"""The groups of mistakes of an evaluation: searched in one half, confirmed in the other, then the other way.

1. `rules` and `clusters` give candidates in every scope, the ones that gain most for the mistakes of a half.
2. The strongest, each unlike those before it, are tested once in the other half; Holm corrects for all tests.
3. What is confirmed is ordered by its evidence in all samples; a group that says the same as one before is
   dropped.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from core.arrays import IntArray
from core.evaluation.groups import evidence
from core.evaluation.groups.candidates import LEAST_SIZE, Candidate
from core.evaluation.groups.clusters import clusters
from core.evaluation.groups.halves import first_half
from core.evaluation.groups.looks import looks
from core.evaluation.groups.population import (
    LEAST_MISTAKES,
    PREDICTED,
    TRUE,
    Booleans,
    Population,
    Scope,
    scopes,
)
from core.evaluation.groups.rules import rules

OnStep = Callable[[int, int], None]
LEVEL = 0.05
_TESTED = 30  # Candidates of each half, at most.
_ALIKE = 0.5  # Shared members over all members of two candidates; the share of mistakes that a group shares.
_SURE = 0.001  # Level of the tests beside the one that is corrected.
_LEAST_GAIN = 4.0  # Of a candidate in the searched half: what chi-squared exceeds one time in twenty.
_OWN_LEVEL = 0.05  # Of the test against the group's own classes alone.
_UNUSUAL = 0.25  # A class with fewer or more mistakes than this share of classes by chance is not pooled.
_LEAST_ODDS, _LEAST_DIFFERENCE, _LEAST_WRONG = 3.0, 0.05, 5
_COST_OF_PREDICTED = 4.0  # Of two that are the same, the one within a true class is easier to act on.


@dataclass(frozen=True, slots=True, eq=False)
class Confirmed:
    """A candidate, its corrected p-value in the other half, and its strength in all samples."""

    candidate: Candidate
    p_value: float
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The confirmed candidates, the strongest first, and how many were tried."""

    confirmed: tuple[Confirmed, ...]
    num_tried: int


class _Steps:
    """Counts the steps of a search."""

    def __init__(self, on_step: OnStep, total: int) -> None:
        self._on_step, self._done, self._total = on_step, 0, total

    def advance(self) -> None:
        """One more is done."""
        self._done += 1
        self._on_step(self._done, self._total)


def search(population: Population, *, seed: int = 0, on_step: OnStep = lambda _done, _total: None) -> Search:
    """The groups of a population; the same seed gives the same groups.

    ``on_step`` is given how many steps are done, and how many there are.
    """
    is_wrong = population.is_wrong
    if is_wrong.sum() < LEAST_MISTAKES:
        return Search((), 0)
    first = first_half(population.labels, is_wrong, seed)
    steps = _Steps(on_step, 3 * len(list(scopes(population))))
    shapes = list(_clusters(population, seed, steps))
    tried: list[Candidate] = []
    p_values: list[float] = []
    for half in (first, ~first):
        strongest = _strongest(population, [*_rules(population, half, steps), *shapes], half)
        tried += strongest
        p_values += [_p_value(population, each, ~half) for each in strongest]
    confirmed = [
        Confirmed(each, float(p), _strength(population, _among_all(population, each)))
        for each, p in zip(tried, evidence.holm(np.array(p_values)), strict=True)
        if p < LEVEL and all(holds(population, each) for holds in (_is_worse, _is_about_images, _is_shared))
    ]
    return Search(tuple(_distinct(population, confirmed)), len(tried))


def _rules(population: Population, half: Booleans, steps: "_Steps") -> Iterator[Candidate]:
    for scope in scopes(population):
        yield from rules(population, scope, half)
        steps.advance()


def _clusters(population: Population, seed: int, steps: "_Steps") -> Iterator[Candidate]:
    if population.features is not None:
        points = looks(population.features, population.predicted, seed)
        for scope in scopes(population):
            steps.advance()
            if scope.kind != PREDICTED:  # There a cluster is of what looks like another class: always wrong.
                yield from clusters(scope, points, seed)


def _strongest(population: Population, candidates: Iterable[Candidate], half: Booleans) -> list[Candidate]:
    """The candidates with most evidence in a half, each unlike those before it."""
    large = [each for each in candidates if len(each.rows) >= LEAST_SIZE]
    strengths = np.array([_strength(population, each, half) for each in large])
    kept: list[Candidate] = []
    for index in np.argsort(-strengths, kind="stable").tolist():
        if len(kept) == _TESTED:
            break
        is_likely = strengths[index] + large[index].cost > _LEAST_GAIN
        if is_likely and all(_overlap(large[index], other) < _ALIKE for other in kept):
            kept.append(large[index])
    return kept


def _strength(population: Population, candidate: Candidate, half: Booleans | None = None) -> float:
    """What the candidate gains in a half, or in all samples, less what its description costs."""
    counted = np.ones(len(population), bool) if half is None else half
    counts = evidence.tally(candidate.scope, population.is_wrong, counted)
    inside = np.array([counts.only(candidate.is_inside()).whole()]).T
    return float(evidence.allowed_gain(inside, counts.whole())[0]) - candidate.cost


def _among_all(population: Population, candidate: Candidate) -> Candidate:
    """The candidate compared with all samples of its members' true classes: so any two can be compared."""
    same = np.flatnonzero(np.isin(population.labels, np.unique(population.labels[candidate.rows])))
    extra = _COST_OF_PREDICTED if candidate.scope.kind == PREDICTED else 0.0
    return replace(candidate, scope=Scope(TRUE, same, population.labels[same]), cost=candidate.cost + extra)


def _p_value(population: Population, candidate: Candidate, half: Booleans) -> float:
    """The p-value in a half.

    Within one true class, it is of the comparison with all samples of classes that are as hard, and 1 unless
    the group is worse than the rest of its own class too.
    """
    scope, inside = candidate.scope, candidate.is_inside()
    kept = half[scope.rows]
    is_wrong = population.is_wrong[scope.rows]
    own = evidence.p_value(inside[kept], is_wrong[kept], scope.strata[kept])
    if scope.kind != TRUE or len(scope.classes) > 1:
        return own
    if own > _OWN_LEVEL:
        return 1.0
    is_inside = np.zeros(len(population), bool)
    is_inside[candidate.rows] = True
    strata = _pooled(population, is_inside, ~half)
    return evidence.p_value(is_inside[half], population.is_wrong[half], strata[half])


def _pooled(population: Population, is_inside: Booleans, searched: Booleans) -> IntArray:
    """Strata (N,) with which a group is compared: all classes that are as hard outside of it are one.

    The few other samples of one class would hide a group that is twice as hard. In the half ``searched``,
    outside of the group, a class whose mistakes are unusual for the rate of all is a stratum of its own.
    """
    from scipy.stats import binom  # noqa: PLC0415 (a second, only where it is needed)

    outside, num_classes = searched & ~is_inside, len(population.class_names)
    size = np.bincount(population.labels[outside], minlength=num_classes)
    wrong = np.bincount(population.labels[outside & population.is_wrong], minlength=num_classes)
    rate = wrong.sum() / max(size.sum(), 1)
    is_usual = (binom.sf(wrong - 1, size, rate) > _UNUSUAL) & (binom.cdf(wrong, size, rate) > _UNUSUAL)
    return np.where(is_usual[population.labels], num_classes, population.labels)


def _is_worse(population: Population, candidate: Candidate) -> bool:
    """Whether the difference is worth showing: three times the odds of a mistake, and 5 points more."""
    inside, is_wrong = candidate.is_inside(), population.is_wrong[candidate.scope.rows]
    rate, rest = float(is_wrong[inside].mean()), float(is_wrong[~inside].mean())
    has_odds = rate * (1 - rest) >= _LEAST_ODDS * rest * (1 - rate)
    return bool(has_odds and rate - rest >= _LEAST_DIFFERENCE and is_wrong[inside].sum() >= _LEAST_WRONG)


def _is_about_images(population: Population, candidate: Candidate) -> bool:
    """Whether a group within a predicted class is worse for what its images are like.

    What is called a dog and is none has fewer paws: that is true of each predicted class, and no reason. So
    its rule must go with mistakes within the true classes too, whatever is predicted.
    """
    if candidate.scope.kind != PREDICTED:
        return True
    holds = np.logical_and.reduce([each.holds(population.properties) for each in candidate.conditions])
    return evidence.p_value(holds, population.is_wrong, population.labels) < _SURE


def _is_shared(population: Population, candidate: Candidate) -> bool:
    """Whether a group over several classes is worse in more than one: still without its worst class."""
    scope = candidate.scope
    if scope.kind == PREDICTED or len(scope.classes) == 1:
        return True
    is_wrong, inside = population.is_wrong[scope.rows], candidate.is_inside()
    counts = evidence.tally(scope, population.is_wrong, np.ones(len(population), bool))
    excess = np.bincount(scope.strata[inside], (counts.wrong - counts.expected)[inside])
    rest = scope.strata != excess.argmax()
    return evidence.p_value(inside[rest], is_wrong[rest], scope.strata[rest]) < _SURE


def _distinct(population: Population, confirmed: list[Confirmed]) -> Iterator[Confirmed]:
    """The strongest first; each has other mistakes than those before, or is a part of them that is worse."""
    covered = np.zeros(len(population), bool)
    for each in sorted(confirmed, key=lambda one: -one.strength):
        rows = each.candidate.rows
        is_other = covered[rows[population.is_wrong[rows]]].mean() < _ALIKE
        is_true = each.candidate.scope.kind != PREDICTED  # Elsewhere what is predicted makes it worse.
        if is_other or (is_true and _is_worse_within(population, rows, np.flatnonzero(covered))):
            covered[rows] = True
            yield each


def _is_worse_within(population: Population, rows: IntArray, others: IntArray) -> bool:
    """Whether samples are worse than the ``others`` of their classes that are in the same groups already."""
    is_inside = np.isin(others, rows)
    return evidence.p_value(is_inside, population.is_wrong[others], population.labels[others]) < _SURE


def _overlap(one: Candidate, other: Candidate) -> float:
    """Shared members over all members."""
    shared = len(np.intersect1d(one.rows, other.rows, assume_unique=True))
    return shared / (len(one.rows) + len(other.rows) - shared)
