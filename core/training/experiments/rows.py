"""The rows of an experiment's table: each variant over all its seeds, and against the variants before it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.arrays import DoubleArray
from core.data.image_set import ImageSet
from core.evaluation.comparing.comparison import paired
from core.evaluation.comparing.over_seeds import (
    Interval,
    accuracy_interval,
    difference_of_one_seed,
    pooled_mcnemar,
    t_interval,
)
from core.evaluation.comparing.significance import McNemar
from core.evaluation.comparing.swaps import swap_test
from core.evaluation.metrics import is_right
from core.training.experiments.plan import Plan, PlannedVariant
from core.training.experiments.scores import RunScores

_Groups = Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class SeedsComparison:
    """A variant against another on the same test images.

    ``difference`` is of the experiment's measure, the variant's minus the other's, and ``p_value`` is that of
    a paired test on this measure over all seeds. ``by_seed`` has McNemar's test on accuracy for each seed,
    ``pooled`` is the one over all seeds: for accuracy, ``p_value`` is its.
    """

    difference: Interval
    p_value: float
    by_seed: dict[int, McNemar]
    pooled: McNemar


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One row of the table; without a finished training, all but ``variant`` is empty.

    Attributes:
        variant: What was trained.
        score: The experiment's measure on the test set.
        by_seed: All measures on the test set for each seed; ``test`` has their means.
        validation: The mean of the experiment's measure on the validation images; None if unknown.
        parameters: Parameters of the network, trained and frozen.
        seconds: Mean time of a training.
        against_base: None for the base, and where the test images are others.
        against_parent: The same against the variant that it builds on, where that is not the base.
    """

    variant: PlannedVariant
    score: Interval | None = None
    by_seed: dict[int, dict[str, float]] = field(default_factory=dict)
    test: dict[str, float] = field(default_factory=dict)
    validation: float | None = None
    parameters: int | None = None
    seconds: float | None = None
    against_base: SeedsComparison | None = None
    against_parent: SeedsComparison | None = None


def rows(plan: Plan, scores: Sequence[RunScores], images: ImageSet) -> list[VariantRow]:
    """A row for each variant, in the order of the plan, from the scores of the trainings that are finished.

    Where the data set has groups, such as the frames of one sign, all results of a group count as one.
    """
    group_of = _group_of(images)
    by_variant = {variant.name: _by_seed(scores, variant) for variant in plan.variants}
    measure, base = plan.experiment.measure, plan.base.name

    def against(variant: PlannedVariant, other: str) -> SeedsComparison | None:
        return _compared(by_variant[other], by_variant[variant.name], measure, images.class_names, group_of)

    return [
        replace(
            _alone(variant, list(by_variant[variant.name].values()), measure, group_of),
            against_base=None if variant.name == base else against(variant, base),
            against_parent=None if variant.builds_on in ("", base) else against(variant, variant.builds_on),
        )
        for variant in plan.variants
    ]


def _by_seed(scores: Sequence[RunScores], variant: PlannedVariant) -> dict[int, RunScores]:
    return {each.run.seed: each for each in scores if each.run.variant.name == variant.name}


def _group_of(images: ImageSet) -> _Groups:
    """The group of each sample by its name; None where the data set has no groups."""
    if images.groups is None:
        return None
    return dict(zip(images.sample_ids, images.groups.tolist(), strict=True))


def _alone(variant: PlannedVariant, own: Sequence[RunScores], measure: str, group_of: _Groups) -> VariantRow:
    """The row of a variant without its comparisons."""
    if not own:
        return VariantRow(variant)
    validated = [each.validation[measure] for each in own if each.validation]
    return VariantRow(
        variant,
        score=_score(own, measure, group_of),
        by_seed={each.run.seed: each.test for each in own},
        test={name: _mean(each.test[name] for each in own) for name in own[0].test},
        validation=_mean(validated) if validated else None,
        parameters=own[0].parameters,
        seconds=_mean(each.seconds for each in own),
    )


def _score(own: Sequence[RunScores], measure: str, group_of: _Groups) -> Interval:
    """The mean over seeds; of one seed, with the interval that its test samples allow."""
    values = _values(own, measure)
    if len(values) > 1:
        return t_interval(values, 0.0, 1.0)
    if measure != "accuracy":
        return Interval(float(values[0]), math.nan, math.nan, "1 seed")
    table = own[0].table
    names = table["sample_id"].to_pylist()
    groups = None if group_of is None else np.array([group_of[name] for name in names])
    return accuracy_interval(is_right(table), groups)


def _compared(
    others: Mapping[int, RunScores],
    own: Mapping[int, RunScores],
    measure: str,
    class_names: Sequence[str],
    group_of: _Groups,
) -> SeedsComparison | None:
    """The comparison over the seeds that both have; None without one, or if the test images are others."""
    seeds = [seed for seed in own if seed in others]
    same = (own[seed].table["sample_id"].equals(others[seed].table["sample_id"]) for seed in seeds)
    if not seeds or not all(same):
        return None
    pairs = {seed: paired(others[seed].table, own[seed].table, class_names, class_names) for seed in seeds}
    changes = _values([own[seed] for seed in seeds], measure) - _values(
        [others[seed] for seed in seeds], measure
    )
    if len(seeds) > 1:
        difference = t_interval(changes, -1.0, 1.0)
    elif measure == "accuracy":
        difference = difference_of_one_seed(pairs[seeds[0]], group_of)
    else:
        difference = Interval(float(changes[0]), math.nan, math.nan, "1 seed")
    by_seed = {seed: pooled_mcnemar([pair], group_of) for seed, pair in pairs.items()}
    every = list(pairs.values())
    pooled = pooled_mcnemar(every, group_of)
    p_value = pooled.p_value if measure == "accuracy" else swap_test(every, measure, group_of)
    return SeedsComparison(difference, p_value, by_seed, pooled)


def _values(scores: Sequence[RunScores], measure: str) -> DoubleArray:
    return np.array([each.test[measure] for each in scores])


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
