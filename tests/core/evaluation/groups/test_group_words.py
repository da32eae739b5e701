"""Conditions and names in words, and what sets a group apart."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation.groups.candidates import Candidate
from core.evaluation.groups.conditions import Condition
from core.evaluation.groups.contrasts import contrasts
from core.evaluation.groups.naming import distinct, in_words, name
from core.evaluation.groups.population import EVERYWHERE, PREDICTED, TRUE, Scope

_DARK, _BLURRED = Condition("brightness", high=0.2), Condition("sharpness", high=0.01)
_BRICK, _CAMERA = Condition("background", value="brick"), Condition("camera", value="A")
_AGE = Condition("age", low=60)


@pytest.mark.parametrize(
    ("kind", "classes", "conditions", "expected"),
    [
        (TRUE, (1,), (_DARK,), "dark photos of dog"),
        (TRUE, (1,), (_DARK, _BLURRED), "dark, blurred photos of dog"),
        (TRUE, (0, 1), (_BRICK,), "brick behind cat, dog"),
        (TRUE, (1,), (_BRICK, _DARK), "brick behind dark photos of dog"),
        (TRUE, (1,), (_CAMERA, _AGE), "photos of dog with camera = A and age from 60"),
        (PREDICTED, (0,), (_DARK,), "dark photos called cat"),
        (PREDICTED, (0,), (_BRICK,), "brick behind photos called cat"),
        (EVERYWHERE, (), (_BLURRED,), "blurred photos"),
        (TRUE, (1,), (), "a cluster of dog called cat"),
    ],
)
def test_a_group_is_named_by_what_it_is(
    kind: str, classes: tuple[int, ...], conditions: tuple[Condition, ...], expected: str
) -> None:
    rows = np.arange(3)
    candidate = Candidate(Scope(kind, rows, rows, classes), rows, np.zeros(3), conditions, 0.0)
    assert name(candidate, ("cat", "dog"), (1, 0)) == expected


def test_names_that_occur_twice_get_their_rule_or_a_number() -> None:
    rule = in_words(_DARK)
    assert distinct(["dark photos", "dark photos", "dark photos", "a", "a"], ["", rule, rule, "", ""]) == [
        "dark photos", "dark photos (brightness below 0.2)", "dark photos (2)", "a", "a (2)",
    ]  # fmt: skip


def test_a_condition_never_holds_where_the_property_is_unknown() -> None:
    rows = pd.DataFrame({"age": [70.0, np.nan, 10.0], "camera": ["A", None, "B"]})
    assert _AGE.holds(rows).tolist() == [True, False, False]
    assert _CAMERA.holds(rows).tolist() == [True, False, False]


def test_what_sets_a_group_apart_is_said_with_both_sides() -> None:
    rows = pd.DataFrame(
        {"age": [70, 80, 10, 20], "camera": ["A", "A", "B", "B"], "flat": [1.0, 1.0, 1.0, 1.0]}
    )
    said = [str(each) for each in contrasts(rows, np.array([True, True, False, False]))]
    assert said == ["age 75, elsewhere 15", "camera A 100%, elsewhere 0%"]
