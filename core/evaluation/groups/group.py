"""A confirmed group as it is shown: its name, its numbers, what sets it apart, and its samples."""

from dataclasses import dataclass

import numpy as np

from core.arrays import IntArray
from core.evaluation.groups import naming
from core.evaluation.groups.candidates import Candidate
from core.evaluation.groups.conditions import Condition
from core.evaluation.groups.contrasts import Contrast, contrasts
from core.evaluation.groups.finding import OnStep, Search, search
from core.evaluation.groups.population import Population


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Samples with more mistakes than others like them.

    ``error_inside`` is the share of mistakes in the group, ``error_outside`` that of all other samples. ``p``
    is of an exact test against other samples of the same classes, in the half in which the group was not
    searched, corrected for all groups that were tried. ``true`` and ``predicted`` are the commonest confusion
    inside. ``rows`` (n,) are its samples: its mistakes first, of both the most typical first. ``conditions``
    are the rule, none for a cluster; ``scope`` and ``classes`` say in which true or predicted classes it
    lies.
    """

    name: str
    error_inside: float
    error_outside: float
    p: float
    true: int
    predicted: int
    rows: IntArray
    scope: str
    classes: tuple[int, ...]
    conditions: tuple[Condition, ...]
    contrasts: tuple[Contrast, ...]

    @property
    def size(self) -> int:
        """The number of samples."""
        return len(self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of a population, the one that explains most first; ``tried`` counts all that were tested."""

    groups: tuple[Group, ...]
    tried: int


def groups(population: Population, *, seed: int = 0, on_step: OnStep = lambda _done, _total: None) -> Groups:
    """The groups of mistakes of a population, the same for a seed; ``on_step`` is that of `search`."""
    result = search(population, seed=seed, on_step=on_step)
    return Groups(tuple(_named(population, result)), result.num_tried)


def _named(population: Population, result: Search) -> list[Group]:
    candidates = [each.candidate for each in result.confirmed]
    confusions = [_confusion(population, each) for each in candidates]
    names = naming.distinct(
        [
            naming.name(each, population.class_names, confusion)
            for each, confusion in zip(candidates, confusions, strict=True)
        ],
        [", ".join(naming.in_words(one) for one in each.conditions) for each in candidates],
    )
    return [
        _group(population, each.candidate, each.p_value, name, confusion)
        for each, name, confusion in zip(result.confirmed, names, confusions, strict=True)
    ]


def _group(
    population: Population, candidate: Candidate, p: float, name: str, confusion: tuple[int, int]
) -> Group:
    is_wrong = population.is_wrong
    others = np.ones(len(population), bool)
    others[candidate.rows] = False
    scope = candidate.scope
    return Group(
        name,
        float(is_wrong[candidate.rows].mean()),
        float(is_wrong[others].mean()),
        p,
        *confusion,
        _typical_first(population, candidate),
        scope.kind,
        scope.classes,
        candidate.conditions,
        tuple(contrasts(population.properties.iloc[scope.rows], candidate.is_inside())),
    )


def _confusion(population: Population, candidate: Candidate) -> tuple[int, int]:
    """The true and the predicted class of most of its mistakes."""
    wrong = candidate.rows[population.is_wrong[candidate.rows]]
    pairs = np.stack([population.labels[wrong], population.predicted[wrong]], axis=1)
    kinds, counts = np.unique(pairs, axis=0, return_counts=True)
    true, predicted = kinds[counts.argmax()].tolist()
    return true, predicted


def _typical_first(population: Population, candidate: Candidate) -> IntArray:
    """The mistakes, then the others; each the most typical first, of equally typical ones the least sure."""
    rows = candidate.rows
    order = np.lexsort((population.p_label[rows], -candidate.typical, ~population.is_wrong[rows]))
    return rows[order]
