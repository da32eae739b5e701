"""Every setting has a row that says what it means."""

import pytest

from core.training.settings import recipe as recipes
from core.training.settings.table import meanings, table


def test_every_setting_has_a_meaning_and_nothing_else_has() -> None:
    assert sorted(meanings()) == sorted(recipes.keys())


@pytest.mark.parametrize("key", recipes.keys())
def test_a_meaning_is_a_sentence_without_marks_or_references(key: str) -> None:
    text = meanings()[key]
    assert text.endswith(".")
    assert not any(mark in text for mark in ("`", "See ", "  "))


def test_a_row_has_the_value_that_can_be_set_again() -> None:
    recipe = recipes.read("signs-bn-aug")
    rows = table(recipe).set_index("setting")
    assert rows.loc["augment.zoom", "value"] == "[0.9, 1.1]"
    assert rows.loc["model.architecture", "value"] == '"seewhy:road-signs-bn"'
    assert rows.loc["augment.rotation", "meaning"] == "Largest rotation in degrees, in either direction."
    changes = [f"{key}={value}" for key, value in rows["value"].items()]
    assert recipes.read("digits", changes) == recipe
