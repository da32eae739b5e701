"""Recipes that differ from a checkpoint's own in the one thing that a fix names."""

from dataclasses import dataclass, replace

from core.errors import FixError
from core.training.settings.recipe import Recipe

_GENTLER, _LONGER = 3, 2


@dataclass(frozen=True, slots=True)
class Derived:
    """A recipe, what is changed in it, and why that should help."""

    recipe: Recipe
    change: str
    why: str


def with_class_weights(recipe: Recipe) -> Derived:
    """The loss of each class weighs alike; FixError where it does already."""
    if recipe.loss.class_weights:
        raise FixError("its recipe has class weights already")
    changed = replace(recipe, loss=replace(recipe.loss, class_weights=True))
    return Derived(changed, "the loss of every class weighs alike", "else rare classes have little say")


def gentler(recipe: Recipe) -> Derived:
    """A third of the learning rate."""
    rate = recipe.optimiser.lr / _GENTLER
    changed = replace(recipe, optimiser=replace(recipe.optimiser, lr=rate))
    change = f"the learning rate is {rate:.3g}, a third of {recipe.optimiser.lr:g}"
    return Derived(changed, change, "large steps may have settled on what is easiest to learn")


def longer(recipe: Recipe) -> Derived:
    """Twice as many epochs without early stopping, the learning rate falling as late in proportion."""
    drops = tuple(_LONGER * epoch for epoch in recipe.schedule.drop_after)
    changed = replace(
        recipe,
        epochs=_LONGER * recipe.epochs,
        schedule=replace(recipe.schedule, drop_after=drops),
        keep=replace(recipe.keep, patience=0, min_delta=0.0, baseline=0.0),
    )
    change = f"{changed.epochs} epochs for {recipe.epochs}, so that a later epoch can be the best"
    return Derived(changed, change, "what is rare in training is learned last")


def with_other_backgrounds(recipe: Recipe) -> Derived:
    """Each training image gets the background of another one, every epoch anew."""
    changed = replace(recipe, data=replace(recipe.data, swap_backgrounds=True, blur_backgrounds=False))
    change = "each training image gets the background of another one, every epoch anew"
    return Derived(changed, change, "then the background says nothing about the class")


def with_blurred_backgrounds(recipe: Recipe) -> Derived:
    """All that is outside the object is blurred in training."""
    changed = replace(recipe, data=replace(recipe.data, blur_backgrounds=True, swap_backgrounds=False))
    change = "all that is outside the object is blurred in training"
    return Derived(changed, change, "then little but colour can be learned from the background")
