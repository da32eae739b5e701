"""A recipe is read as it is written, and what is wrong with it is said with its key."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from core.data.augment import Augment
from core.data.sources.catalogue import SOURCES
from core.errors import RecipeError
from core.models import registry
from core.training.settings import recipe as recipes
from core.training.settings.dotted import flat

FEW = (
    'title = "Few"\nepochs = 3\n[data]\nsource = "digits"\n[model]\narchitecture = "seewhy:two-conv-mnist"\n'
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A recipe that says no more than it must."""
    path = tmp_path / "few.toml"
    path.write_text(FEW, encoding="utf-8")
    return path


def _with(file: Path, *changes: str) -> recipes.Recipe:
    return recipes.read(str(file), changes)


# Those that are shipped.


def test_there_are_shipped_recipes_with_digits_among_them() -> None:
    assert "digits" in recipes.names()
    assert recipes.names() == sorted(recipes.names())


@pytest.mark.parametrize("name", recipes.names())
def test_a_shipped_recipe_is_read_and_comes_back_from_its_settings(name: str) -> None:
    found = recipes.read(name)
    settings = recipes.as_settings(found)
    assert recipes.parse(settings) == found
    assert recipes.parse(json.loads(json.dumps(settings))) == found  # As from a card.
    assert recipes.differences(found, recipes.parse(settings)) == []
    assert found.title
    assert found.about


@pytest.mark.parametrize("name", recipes.names())
def test_what_a_shipped_recipe_says_is_what_is_read(name: str) -> None:
    written = tomllib.loads((recipes.FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    settings = flat(recipes.as_settings(recipes.read(name)))
    for key, value in flat(written).items():
        assert settings[key] == value


@pytest.mark.parametrize("name", recipes.names())
def test_a_shipped_recipe_names_a_source_and_an_architecture_that_there_are(name: str) -> None:
    found = recipes.read(name)
    assert found.data.source in SOURCES
    registry.resolve(found.model.architecture)


# Defaults and changes.


def test_what_a_recipe_does_not_say_is_the_default(file: Path) -> None:
    found = _with(file)
    assert (found.title, found.epochs, found.batch_size, found.seed) == ("Few", 3, 32, 0)
    assert (found.optimiser.name, found.optimiser.lr, found.data.val) == ("adam", 0.001, 0.2)
    assert found.augment == Augment()
    assert found.augment.is_none


@pytest.mark.parametrize(
    ("change", "key", "expected"),
    [
        ("optimiser.lr=0.01", "optimiser.lr", 0.01),
        ("optimiser.lr=1e-4", "optimiser.lr", 1e-4),
        ("optimiser.lr=1", "optimiser.lr", 1.0),
        (" epochs = 7 ", "epochs", 7),
        ("augment.flip=true", "augment.flip", True),
        ("loss.class_weights=false", "loss.class_weights", False),
        ("schedule.drop_after=[2, 5]", "schedule.drop_after", [2, 5]),
        ("model.hidden=[]", "model.hidden", []),
        ("image.mean=[0.5, 0.4, 0.3]", "image.mean", [0.5, 0.4, 0.3]),
        ("augment.zoom=[0.9, 1.1]", "augment.zoom", [0.9, 1.1]),
        ("optimiser.name=sgd", "optimiser.name", "sgd"),
        ('optimiser.name="sgd"', "optimiser.name", "sgd"),
        ("model.weights=checkpoint:my-net.2", "model.weights", "checkpoint:my-net.2"),
        ("title=Two words, and = signs", "title", "Two words, and = signs"),
        ("title=5 apples", "title", "5 apples"),
        ("about=", "about", ""),
        ("augment.fill=white", "augment.fill", "white"),
        ("model.train_from=layer4.1", "model.train_from", "layer4.1"),
    ],
)
def test_a_change_is_a_number_a_boolean_a_list_or_a_bare_text(
    file: Path, change: str, key: str, expected: object
) -> None:
    found = flat(recipes.as_settings(_with(file, change)))[key]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", ["5", "2025-01-01", "true", "[1]", "1.5"])
def test_a_text_may_look_like_something_else(file: Path, text: str) -> None:
    assert _with(file, f"title={text}").title == text


def test_the_last_of_several_changes_counts(file: Path) -> None:
    assert _with(file, "epochs=4", "seed=2", "epochs=5").epochs == 5


def test_every_key_can_be_set_and_back_again(file: Path) -> None:
    settings = flat(recipes.as_settings(_with(file)))
    assert sorted(settings) == sorted(recipes.keys())
    assert {"title", "epochs", "data.source", "model.architecture", "augment.zoom", "augment.fill"} <= set(
        settings
    )
    changes = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    assert _with(file, *changes) == _with(file)


def test_differences_are_the_keys_whose_values_differ(file: Path) -> None:
    other = _with(file, "optimiser.lr=0.5", "augment.zoom=[0.5, 2.0]", "seed=1", "loss.oversample=false")
    assert recipes.differences(_with(file), other) == ["seed", "augment.zoom", "optimiser.lr"]
    assert recipes.differences(other, other) == []


# What is refused.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("speed.workers=9999", r"^speed\.workers is 9999: input should be less than or equal to 64$"),
        ("speed.workers=-2", r"^speed\.workers is -2: input should be greater than or equal to -1$"),
        (
            "model.hidden=[10000000000]",
            r"^model\.hidden\.0 is 10000000000: input should be less than .* 16384$",
        ),
        (
            "model.hidden=[2, 2, 2, 2, 2, 2, 2, 2, 2]",
            r"^model\.hidden is \[2.*: tuple should have at most 8 items",
        ),
        ("image.size=1000000", r"^image\.size is 1000000: input should be less than or equal to 4096$"),
        ("image.resize=99999", r"^image\.resize is 99999: input should be less than or equal to 4096$"),
        ("epochs=10000000000", r"^epochs is 10000000000: input should be less than or equal to 100000$"),
        (
            "batch_size=10000000000",
            r"^batch_size is 10000000000: input should be less than or equal to 100000$",
        ),
        (
            "seed=99999999999999999999",
            r"^seed is 99999999999999999999: input should be less than or equal to 214",
        ),
        ("optimiser.lr=1e30", r"^optimiser\.lr is 1e\+30: input should be less than or equal to 1000$"),
        (
            "augment.zoom=[1e-300, 1e300]",
            r"zoom .* must be two numbers above 0, the smaller first, in 0\.01 to 100",
        ),
        ("optimizer.lr=1", r"no setting 'optimizer\.lr'; close: optimiser\.lr"),
        ("optimiser.learning_rate=1", r"no setting 'optimiser\.learning_rate'; close: optimiser\."),
        ("epoch=1", "no setting 'epoch'; close: epochs"),
        ("lr=1", r"no setting 'lr'; close: optimiser\.lr"),
        ("optimiser=1", "no setting 'optimiser'; close: optimiser"),
        ("=1", "no setting ''"),
        ("epochs", "got 'epochs'; expected key=value, such as optimiser.lr=0.01"),
        ("epochs=many", "epochs is 'many': input should be a valid integer"),
        ("epochs=2.5", r"epochs is 2\.5: input should be a valid integer"),
        ("epochs=0", "epochs is 0: input should be greater than or equal to 1"),
        ("epochs=true", "epochs is True: input should be a valid integer"),
        ("epochs=", "epochs is '': input should be a valid integer"),
        ("augment.flip=1", r"augment\.flip is 1: input should be a valid boolean"),
        ("optimiser.lr=-1", r"optimiser\.lr is -1: input should be greater than or equal to 0"),
        ("optimiser.lr=nan", r"optimiser\.lr is nan: input should be a finite number"),
        ("optimiser.lr=inf", r"optimiser\.lr is inf: input should be a finite number"),
        ("augment.rotation=nan", r"augment\.rotation is nan: input should be a finite number"),
        ("image.mean=[nan]", r"image\.mean\.0 is nan: input should be a finite number"),
        ("data.val=1.0", r"data\.val is 1\.0: input should be less than 1"),
        ("model.dropout=1", r"model\.dropout is 1: input should be less than 1"),
        (
            "schedule.drop_after=[2, 0]",
            r"schedule\.drop_after\.1 is 0: input should be greater than or equal",
        ),
        ("schedule.drop_after=3", r"schedule\.drop_after is 3: input should be"),
        ("schedule.factor=0", r"schedule\.factor is 0: input should be greater than 0"),
        (
            "optimiser.name=adagrad",
            r"optimiser\.name is 'adagrad': input should be 'adam', 'adamw', 'sgd' or",
        ),
        ("model.weights=mine", r"model\.weights is 'mine': string should match pattern"),
        ("speed.workers=-2", r"speed\.workers is -2: input should be greater than or equal to -1"),
        ("augment.hue=0.7", r"augment is .*hue 0\.7 must lie in 0 to 0\.5"),
        ("augment.rotation=-5", r"augment is .*rotation -5\.0 must lie in 0 to 180"),
        ("augment.patch=pink", "augment is .*patch 'pink' is none of black, grey, white"),
        ("augment.zoom=[1.0]", r"lacks 'augment\.zoom\.1'"),
        ("keep.min_delta=0.1", "keep is .*: min_delta and baseline need a patience of 1 or more"),
        ("keep.baseline=0.5", "keep is .*: min_delta and baseline need a patience of 1 or more"),
        ("keep.best=accuracy", "keep.best is 'accuracy': input should be 'val_accuracy', 'val_loss', "),
        ("seed=-1", "seed is -1: input should be greater than or equal to 0"),
        ("epochs=2025-01-01", "epochs is '2025-01-01': input should be a valid integer"),
    ],
)
def test_a_change_that_cannot_be_is_said_with_its_key(file: Path, change: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        _with(file, change)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FEW.replace("epochs = 3\n", ""), "the recipe lacks 'epochs'"),
        ("", "the recipe lacks 'title'; the recipe lacks 'data'; the recipe lacks 'model'"),
        (FEW + "[augment]\nrotatoin = 3\n", r"no setting 'augment\.rotatoin'; close: augment\.rotation"),
        ("epoch = 3\n" + FEW, "no setting 'epoch'; close: epochs"),
        (FEW + "[optimizer]\nlr = 1\n", r"no setting 'optimizer'; close: optimiser\.lr"),
        ("augment = 3\n" + FEW, "augment is 3: input should be an object"),
        (FEW.replace("= 3", "= 2025-01-01"), "epochs is '2025-01-01': input should be a valid integer"),
        ("about = 5\n" + FEW, "about is 5: input should be a valid string"),
        ("epochs = \n", "few.toml is not a readable TOML file: Invalid value"),
        ("[data\n", "few.toml is not a readable TOML file: Expected"),
        ("epochs = 3\nepochs = 4\n", "few.toml is not a readable TOML file: Cannot overwrite"),
        ("\udcff", "few.toml' is not a text file in UTF-8"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_with_the_reason(file: Path, text: str, message: str) -> None:
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(RecipeError, match=message):
        recipes.read(str(file))


def test_a_change_in_what_should_be_a_table_is_refused(file: Path) -> None:
    file.write_text("optimiser = 3\n" + FEW, encoding="utf-8")
    with pytest.raises(RecipeError, match="optimiser is 3: expected a table"):
        _with(file, "optimiser.lr=0.1")


@pytest.mark.parametrize("name", ["", ".", "/nowhere/recipe.toml", "nowhere", "a\0b"])
def test_a_recipe_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(RecipeError, match=r"no recipe .*, and no such file; there is .*digits"):
        recipes.read(name)


def test_a_name_with_a_slip_is_answered_with_the_close_one() -> None:
    with pytest.raises(RecipeError, match="no recipe 'digit', and no such file; there is digits"):
        recipes.read("digit")


def test_at_most_three_mistakes_are_listed_at_once_unknown_keys_first(file: Path) -> None:
    wrong: dict[str, Any] = recipes.as_settings(_with(file)) | {
        "epochs": "x",
        "seed": "y",
        "batch_size": "z",
        "epoch": 1,
    }
    with pytest.raises(RecipeError, match=r"^no setting 'epoch'") as error:
        recipes.parse(wrong)
    assert str(error.value).count("; ") <= 3
    assert "'z'" in str(error.value)
    assert "'y'" not in str(error.value)
