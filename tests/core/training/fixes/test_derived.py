"""Each derived recipe differs from its origin in what its fix names, and in nothing else."""

import pytest

from core.errors import FixError
from core.training.fixes.derived import (
    gentler,
    longer,
    with_blurred_backgrounds,
    with_class_weights,
    with_other_backgrounds,
)
from core.training.settings import recipe as recipes

RECIPE = recipes.read("shortcut")


@pytest.mark.parametrize(
    ("derive", "changed"),
    [
        (gentler, {"optimiser.lr": RECIPE.optimiser.lr / 3}),
        (longer, {"epochs": 20, "schedule.drop_after": [14]}),
        (with_class_weights, {"loss.class_weights": True}),
        (with_other_backgrounds, {"data.swap_backgrounds": True}),
        (with_blurred_backgrounds, {"data.blur_backgrounds": True}),
    ],
)
def test_only_what_is_named_changes(derive: object, changed: dict[str, object]) -> None:
    derived = derive(RECIPE)  # type: ignore[operator]
    assert set(recipes.differences(RECIPE, derived.recipe)) == set(changed)
    values = recipes.values(derived.recipe)
    assert {key: values[key] for key in changed} == changed


def test_a_later_epoch_is_not_stopped_before() -> None:
    stopping = recipes.changed(RECIPE, ["keep.patience=2", "keep.baseline=0.5"])
    kept = longer(stopping).recipe.keep
    assert (kept.patience, kept.baseline, kept.best) == (0, 0, "val_accuracy")


def test_class_weights_twice_are_refused() -> None:
    with pytest.raises(FixError, match="its recipe has class weights already"):
        with_class_weights(with_class_weights(RECIPE).recipe)
