"""The plan of an experiment: a checked recipe for each variant, and the trainings to run."""

import math
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.checkpoints import store
from core.errors import RecipeError
from core.training.experiments import own_checkpoints
from core.training.experiments.family import BookNumber, Experiment, Sweep, Variant
from core.training.settings import recipe as recipes
from core.training.settings.dotted import flat, merged, nested
from core.training.settings.recipe import Recipe

_MOST_VARIANTS = 1_000
# They do not change what is trained; the seeds are the experiment's.
_NO_CHANGE = {"title", "about", "seed"}


@dataclass(frozen=True, slots=True)
class PlannedVariant:
    """One row of the table.

    Attributes:
        name: How the table calls it; ``slug`` is the same for folders.
        recipe: Its recipe, with the seed of the first training.
        differs: The settings that differ from ``builds_on``, by their dotted keys; empty for the base.
        builds_on: The name of the variant that it changes; empty for the base.
        because: Why it changes settings of more than one table of the recipe.
        book: What a book measured.
        own_weights: The name of the user's checkpoint that it starts from; empty for other weights.
    """

    name: str
    recipe: Recipe
    differs: tuple[str, ...] = ()
    builds_on: str = ""
    because: str = ""
    book: BookNumber | None = None
    own_weights: str = ""

    @property
    def slug(self) -> str:
        """The name in letters, digits, ``.``, ``_`` and ``-``."""
        return _slug(self.name)

    @property
    def starts_from(self) -> str:
        """The name of the variant whose weights it starts from; empty for other weights."""
        return "" if self.own_weights else own_checkpoints.name_in(self.recipe.model.weights)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One training: a variant with a seed. ``name`` is that of its checkpoint."""

    variant: PlannedVariant
    seed: int

    @property
    def name(self) -> str:
        """The name of the checkpoint's folder."""
        return _run_name(self.variant.slug, self.seed)

    @property
    def recipe(self) -> Recipe:
        """The variant's recipe with this seed; it starts from a training with the same seed."""
        recipe = replace(self.variant.recipe, seed=self.seed)
        if start := self.variant.starts_from:
            weights = f"{own_checkpoints.PREFIX}{_run_name(_slug(start), self.seed)}"
            recipe = replace(recipe, model=replace(recipe.model, weights=weights))
        return recipe


@dataclass(frozen=True, slots=True)
class Plan:
    """An experiment that is ready to run; the base is the first variant."""

    experiment: Experiment
    variants: tuple[PlannedVariant, ...]
    seeds: tuple[int, ...]

    @property
    def base(self) -> PlannedVariant:
        """The variant that all others are compared with."""
        return self.variants[0]

    @property
    def runs(self) -> list[PlannedRun]:
        """All trainings, seed by seed, so that each pair is complete as early as possible."""
        return [PlannedRun(variant, seed) for seed in self.seeds for variant in self.variants]


def planned(experiment: Experiment, *, changes: Iterable[str] = (), seeds: int | None = None) -> Plan:
    """The recipe of each variant; ``changes`` are ``key=value`` for all of them, ``seeds`` overrides.

    Raises:
        RecipeError: a variant changes nothing, or more than it may; or a setting is wrong.
    """
    number = experiment.seeds if seeds is None else seeds
    if number < 2 and experiment.measure != "accuracy":
        raise RecipeError(f"one seed gives no interval of {experiment.measure}; choose two seeds or more")
    recipe = _recipe_of(experiment, changes)
    base = PlannedVariant(experiment.base.name, recipe, book=experiment.base.book)
    variants: dict[str, PlannedVariant] = {}
    _add(variants, base)
    for variant in experiment.variants:
        _add(variants, _varied(variant, _parent(variants, variant, base)))
    for combination in _combinations(experiment.sweep, base):
        _add(variants, combination)
    return Plan(experiment, tuple(variants.values()), tuple(range(recipe.seed, recipe.seed + number)))


def _recipe_of(experiment: Experiment, changes: Iterable[str]) -> Recipe:
    """The base's recipe."""
    if experiment.base.builds_on:
        raise RecipeError("the base builds on nothing; leave out builds_on")
    named = experiment.recipe
    if not isinstance(named, str):
        recipe = recipes.parse(named)
    elif own := own_checkpoints.name_in(named):
        recipe = own_checkpoints.recipe_of(own)
    else:
        recipe = recipes.read(named)
    return recipes.changed(_with(recipe, experiment.base.change), changes)


def _parent(variants: Mapping[str, PlannedVariant], variant: Variant, base: PlannedVariant) -> PlannedVariant:
    wanted = variant.builds_on or base.name
    if wanted not in variants:
        raise RecipeError(f"{variant.name!r} builds on {wanted!r}; before it there is {', '.join(variants)}")
    return variants[wanted]


def _varied(variant: Variant, parent: PlannedVariant) -> PlannedVariant:
    """The variant of a parent; RecipeError unless it differs in one thing, and in all that it names."""
    recipe = _with(parent.recipe, variant.change)
    differs = recipes.differences(parent.recipe, recipe)
    named = list(flat(variant.change))
    if same := [key for key in named if key not in differs]:
        raise RecipeError(
            f"{variant.name!r} sets {', '.join(same)} to what {parent.name!r} has already; a variant must "
            "change all that it names"
        )
    if not differs or _NO_CHANGE & set(differs):
        raise RecipeError(
            f"{variant.name!r} must change settings of {parent.name!r}, other than "
            f"{', '.join(sorted(_NO_CHANGE))}"
        )
    tables = {key.partition(".")[0] for key in differs}
    if len(tables) > 1 and not variant.because:
        raise RecipeError(
            f"{variant.name!r} differs from {parent.name!r} in {', '.join(differs)}, which is more than one "
            "thing; change settings of one table, or give the reason in 'because'"
        )
    return PlannedVariant(variant.name, recipe, tuple(differs), parent.name, variant.because, variant.book)


def _combinations(sweep: Sweep | None, base: PlannedVariant) -> Iterator[PlannedVariant]:
    """A variant for each combination of the sweep, without the base's own."""
    if sweep is None:
        return
    values = flat(sweep.values)
    if odd := [key for key, each in values.items() if not isinstance(each, list) or not each]:
        raise RecipeError(f"sweep.values.{odd[0]} is {values[odd[0]]!r}; expected a list of values")
    for number in _chosen(math.prod(map(len, values.values())), sweep.random, base.recipe.seed):
        combination = _combination(values, number)
        recipe = _with(base.recipe, nested(combination))
        if differs := recipes.differences(base.recipe, recipe):
            yield PlannedVariant(_title(combination), recipe, tuple(differs), base.name)


def _chosen(total: int, wanted: int, seed: int) -> Iterable[int]:
    """The numbers of the combinations: ``wanted`` of them, drawn at random, or all for 0."""
    if wanted:
        return sorted(random.Random(seed).sample(range(total), min(wanted, total)))  # noqa: S311 (no secret)
    if total > _MOST_VARIANTS:
        raise RecipeError(
            f"the sweep has {total:,} combinations, at most {_MOST_VARIANTS:,} at a time; set sweep.random"
        )
    return range(total)


def _combination(values: dict[str, list[Any]], number: int) -> dict[str, Any]:
    """The combination of this number, where the last setting changes fastest."""
    chosen: dict[str, Any] = {}
    for key in reversed(values):
        number, place = divmod(number, len(values[key]))
        chosen[key] = values[key][place]
    return dict(reversed(chosen.items()))


def _title(combination: Mapping[str, Any]) -> str:
    """``lr=0.01, batch_size=16``."""
    return ", ".join(f"{key.rpartition('.')[2]}={value}" for key, value in combination.items())


def _add(variants: dict[str, PlannedVariant], variant: PlannedVariant) -> None:
    start = variant.starts_from
    if start and start not in variants:
        if start not in store.folders():
            raise RecipeError(
                f"{variant.name!r} starts from {start!r}, which is no variant before it and no checkpoint; "
                f"there is {', '.join(variants) or 'none'}"
            )
        variant = replace(variant, own_weights=start)
    if variant.slug in {each.slug for each in variants.values()}:
        raise RecipeError(f"two variants are called {variant.name!r}; give each a name of its own")
    variants[variant.name] = variant


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name)[:48].strip("-.")


def _run_name(slug: str, seed: int) -> str:
    return f"{slug}.seed{seed}"


def _with(recipe: Recipe, change: Mapping[str, Any]) -> Recipe:
    """The recipe with other settings, nested as in a recipe; checked."""
    return recipes.parse(merged(recipes.as_settings(recipe), change))
