"""Nested settings and their dotted keys."""

from core.training.settings.dotted import flat, merged, nested

NESTED = {"epochs": 3, "data": {"source": "x", "val": 0.2}, "image": {"mean": [0.5]}}


def test_nested_is_the_inverse_of_flat() -> None:
    assert flat(NESTED) == {"epochs": 3, "data.source": "x", "data.val": 0.2, "image.mean": [0.5]}
    assert nested(flat(NESTED)) == NESTED


def test_a_change_replaces_only_the_settings_that_it_names() -> None:
    both = merged(NESTED, {"data": {"val": 0.1, "test": 0.3}, "seed": 1})
    assert flat(both) == flat(NESTED) | {"data.val": 0.1, "data.test": 0.3, "seed": 1}
    assert NESTED["data"] == {"source": "x", "val": 0.2}
