"""Planted groups are found, named and ordered; on clean data none is."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation.groups.group import Group, groups
from core.evaluation.groups.population import Population
from tests.support.results.planted_groups import CLASSES, KINDS, clean, planted


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_group_is_the_planted_one(kind: str) -> None:
    made = planted(kind, seed=3)
    first = groups(made.population).groups[0]
    assert made.hits(first.rows) >= 8
    assert first.p < 0.05
    assert CLASSES[first.true] == "d"


@pytest.mark.slow
def test_on_clean_data_hardly_ever_a_group_is_reported() -> None:
    assert sum(bool(groups(clean(seed)).groups) for seed in range(4)) == 0


@pytest.mark.slow
def test_what_is_said_of_a_group_is_true_of_its_samples() -> None:
    population = planted("darkness", seed=7).population
    first = groups(population).groups[0]
    inside = np.isin(np.arange(len(population)), first.rows)
    assert first.error_inside == population.is_wrong[inside].mean()
    assert first.error_outside == population.is_wrong[~inside].mean()
    expected = (population.labels == 7) & (population.properties["brightness"] < first.conditions[0].high)
    np.testing.assert_array_equal(inside, expected)
    assert first.name == "dark photos of h"
    is_wrong = population.is_wrong[first.rows]
    assert is_wrong[: is_wrong.sum()].all()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_groups() -> None:
    population = planted("watermark", seed=1).population
    once, again = groups(population, seed=4), groups(population, seed=4)
    assert [each.name for each in once.groups] == [each.name for each in again.groups]
    assert [each.rows.tolist() for each in once.groups] == [each.rows.tolist() for each in again.groups]
    assert once.tried == again.tried > 0


def _shortcut(num: int) -> Population:
    """Brick behind the first five classes is wrong one time in four, and so is grass behind the others."""
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=num)
    background = rng.choice(["brick", "grass"], num)
    disagrees = (labels < 5) == (background == "brick")
    is_wrong = rng.random(num) < np.where(disagrees, 0.25, 0.01)
    predicted = np.where(is_wrong, (labels + 5) % 10, labels)
    properties = pd.DataFrame({"background": background, "brightness": rng.random(num)})
    return Population(CLASSES, labels, predicted, np.full(num, 0.5, np.float32), properties)


@pytest.mark.slow
def test_a_background_behind_several_classes_is_one_group() -> None:
    first, second = groups(_shortcut(1_000)).groups[:2]
    assert {first.conditions[0].value, second.conditions[0].value} == {"brick", "grass"}
    for each in (first, second):
        disagree = range(5) if each.conditions[0].value == "brick" else range(5, 10)
        assert set(each.classes) <= set(disagree)
        assert len(each.classes) >= 4
        assert each.error_inside > 0.2


@pytest.mark.slow
def test_a_class_that_is_hard_as_a_whole_is_no_group() -> None:
    population = clean(seed=1)
    hard = population.labels == 3
    predicted = np.where(hard & (np.random.default_rng(0).random(len(hard)) < 0.5), 4, population.predicted)
    harder = Population(
        CLASSES, population.labels, predicted, population.p_label, population.properties, population.features
    )
    assert not groups(harder).groups


def test_too_few_mistakes_are_not_searched() -> None:
    population = clean(seed=0, error=0.0)
    result = groups(population)
    assert (result.groups, result.tried) == ((), 0)


@pytest.mark.slow
def test_groups_have_names_of_their_own() -> None:
    names = [each.name for each in _every_group()]
    assert len(names) == len(set(names)) > 1


def _every_group() -> tuple[Group, ...]:
    return groups(_shortcut(1_000)).groups
