"""Experiments are read strictly, and a variant differs in one thing and in all that it names."""

from pathlib import Path

import pytest

from core.errors import RecipeError
from core.models import registry
from core.training.experiments import family
from core.training.experiments.plan import planned
from core.training.settings import recipe as recipes
from tests.support.trainings.short_experiments import SMOOTH, short_experiment, short_plan


@pytest.mark.parametrize("name", family.names())
def test_every_built_in_experiment_keeps_the_rule_of_one_thing(name: str) -> None:
    plan = planned(family.read(name))
    by_name = {variant.name: variant for variant in plan.variants}
    assert len(plan.variants) >= 2
    for variant in plan.variants:
        registry.resolve(variant.recipe.model.architecture)
    for variant in plan.variants[1:]:
        parent = by_name[variant.builds_on]
        differs = recipes.differences(parent.recipe, variant.recipe)
        assert differs == list(variant.differs)
        assert len({key.partition(".")[0] for key in differs}) == 1 or variant.because
    numbers = [variant.book for variant in plan.variants if variant.book]
    assert all(len(book.because) > 20 and book.source for book in numbers)


def test_a_variant_has_the_base_s_settings_but_for_its_own() -> None:
    plan = short_plan(SMOOTH)
    base, smooth = plan.variants
    assert (base.recipe.epochs, base.recipe.data.per_class) == (2, 10)
    assert smooth.differs == ("loss.label_smoothing",)
    assert (smooth.recipe.loss.label_smoothing, smooth.recipe.epochs) == (0.1, 2)


def test_runs_go_seed_by_seed() -> None:
    plan = planned(short_experiment(SMOOTH), changes=["seed=7"], seeds=2)
    assert [run.name for run in plan.runs] == ["plain.seed7", "smooth.seed7", "plain.seed8", "smooth.seed8"]
    assert [run.recipe.seed for run in plan.runs] == [7, 7, 8, 8]


def test_a_change_of_the_command_holds_for_every_variant() -> None:
    plan = planned(short_experiment(SMOOTH), changes=["epochs=5", "optimiser.name=sgd"])
    assert [(each.recipe.epochs, each.recipe.optimiser.name) for each in plan.variants] == [(5, "sgd")] * 2


def test_a_variant_may_build_on_another() -> None:
    both = {"name": "both", "builds_on": "smooth", "change": {"optimiser": {"lr": 0.01}}}
    plan = short_plan(SMOOTH, both)
    assert plan.variants[2].differs == ("optimiser.lr",)
    assert plan.variants[2].recipe.loss.label_smoothing == 0.1
    with pytest.raises(RecipeError, match="'both' builds on 'smooth'; before it there is plain"):
        short_plan(both, SMOOTH)


def test_a_variant_may_start_from_the_weights_of_another_seed_by_seed() -> None:
    tuned = {"name": "tuned", "change": {"model": {"weights": "checkpoint:plain", "train_from": "head"}}}
    plan = short_plan(tuned)
    assert [run.recipe.model.weights for run in plan.runs] == [
        "none",
        "checkpoint:plain.seed0",
        "none",
        "checkpoint:plain.seed1",
    ]
    with pytest.raises(
        RecipeError, match="'tuned' starts from 'smooth', which is no variant before it and no checkpoint"
    ):
        short_plan({"name": "tuned", "change": {"model": {"weights": "checkpoint:smooth"}}}, SMOOTH)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "'x' must change settings of 'plain', other than about, seed, title"),
        ({"seed": 4}, "'x' must change settings of 'plain', other than about, seed, title"),
        ({"title": "new"}, "other than about, seed, title"),
        ({"epochs": 2}, "'x' sets epochs to what 'plain' has already; a variant must change all"),
        ({"optimiser": {"lr": 0.1, "name": "adam"}}, r"sets optimiser\.name to what 'plain' has already"),
        (
            {"optimiser": {"lr": 0.1}, "augment": {"flip": True}},
            r"differs from 'plain' in augment\.flip, optimiser\.lr, which is more than one thing",
        ),
        ({"optimiser": {"rate": 0.1}}, r"no setting 'optimiser\.rate'"),
        ({"epochs": "many"}, "epochs is 'many'"),
    ],
)
def test_a_variant_that_breaks_the_rule_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        short_plan({"name": "x", "change": change})


def test_more_than_one_thing_needs_a_reason() -> None:
    change = {"optimiser": {"lr": 0.1}, "augment": {"flip": True}}
    plan = short_plan({"name": "x", "change": change, "because": "the larger rate needs the flips"})
    assert plan.variants[1].because == "the larger rate needs the flips"


def test_two_variants_of_one_name_are_refused() -> None:
    with pytest.raises(RecipeError, match="two variants are called 'smooth'"):
        short_plan(SMOOTH, SMOOTH)


def test_a_sweep_has_every_combination_but_the_base_s_own() -> None:
    values = {"optimiser": {"lr": [1e-3, 0.01]}, "batch_size": [16, 32]}
    plan = short_plan(sweep={"values": values})
    assert [each.name for each in plan.variants] == [
        "plain",
        "lr=0.001, batch_size=16",
        "lr=0.01, batch_size=16",
        "lr=0.01, batch_size=32",
    ]
    assert [each.slug for each in plan.variants][1] == "lr-0.001-batch-size-16".replace(
        "batch-size", "batch_size"
    )
    assert plan.variants[2].differs == ("batch_size", "optimiser.lr")


def test_a_random_sweep_draws_different_combinations_and_always_the_same() -> None:
    values = {"optimiser": {"lr": [10.0**-power for power in range(2, 8)]}, "batch_size": list(range(1, 8))}
    sweep = {"values": values, "random": 10}
    names = [each.name for each in short_plan(sweep=sweep).variants[1:]]
    assert len(names) == len(set(names)) == 10
    assert names == [each.name for each in short_plan(sweep=sweep).variants[1:]]
    few = {"values": {"batch_size": [8, 16]}, "random": 10}
    assert [each.name for each in short_plan(sweep=few).variants[1:]] == ["batch_size=8", "batch_size=16"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"batch_size": 8}, "values.batch_size is 8; expected a list of values"),
        ({"batch_size": []}, r"values.batch_size is \[\]; expected a list of values"),
        ({"batch_size": list(range(1, 41)), "epochs": list(range(1, 41))}, "has 1,600 combinations"),
        ({"size": [8]}, "no setting 'size'"),
    ],
)
def test_an_odd_sweep_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        short_plan(sweep={"values": values})


def test_one_seed_is_too_few_for_a_measure_without_an_interval() -> None:
    assert len(planned(short_experiment(SMOOTH), seeds=1).runs) == 2
    with pytest.raises(RecipeError, match="one seed gives no interval of macro_f1; choose two seeds"):
        planned(short_experiment(SMOOTH, measure="macro_f1"), seeds=1)


def test_an_experiment_may_have_its_recipe_within() -> None:
    own = {
        "title": "Own",
        "epochs": 1,
        "data": {"source": "digits"},
        "model": {"architecture": "seewhy:malaria"},
    }
    base = {"name": "plain", "change": {"data": {"test": 0.1}}}
    plan = planned(short_experiment(SMOOTH, recipe=own, base=base), changes=["epochs=2"])
    assert (plan.base.recipe.title, plan.base.recipe.epochs) == ("Own", 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"measure": "loss"}, "measure is 'loss': expected 'accuracy'"),
        ({"seed": 3}, "unknown key 'seed'"),
        ({"seeds": 0}, "seeds is 0"),
        ({"base": {"name": "../x"}}, r"base\.name is '\.\./x'"),
        ({"base": {"name": "x", "builds_on": "y"}}, "the base builds on nothing"),
        ({"recipe": "digit"}, "no recipe 'digit', and no such file; there is digits"),
    ],
)
def test_an_odd_experiment_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        planned(short_experiment(**change))


def test_an_unknown_name_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no experiment 'digit', and no such file; there is digits"):
        family.read("digit")
    (tmp_path / "x.toml").write_text("title =")
    with pytest.raises(RecipeError, match=r"x\.toml is not a readable TOML file"):
        family.read(str(tmp_path / "x.toml"))
