"""An experiment trains, evaluates on the test set, continues where it was, and refuses another's folder."""

import json
import math
import tomllib
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from core.__main__ import main
from core.checkpoints import paths, store
from core.data.division import divided
from core.data.sources import catalogue
from core.errors import DataError, RecipeError
from core.predictions import evaluations
from core.training.experiments import apart, running, workplace
from core.training.experiments.plan import Plan, planned
from core.training.experiments.running import RunResult, conducted
from core.training.experiments.workplace import ExperimentOptions
from core.training.lightning.train import Job, train
from core.training.runs import run as run_module
from core.training.runs.run import Stopped
from core.training.settings import recipe as recipes
from tests.support.trainings.short_experiments import SLOW, SMOOTH, short_experiment, short_plan

ASKED = ExperimentOptions("short")
TIMES = ["seconds"]


def conduct(plan: Plan, place: Path, **job: object) -> list[RunResult]:
    results: list[RunResult] = []
    conducted(plan, place, ASKED, Job("", **job), results.append)  # type: ignore[arg-type]
    return results


def table_of(place: Path) -> pd.DataFrame:
    return pd.read_csv(place / workplace.TABLE).drop(columns=TIMES)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished experiment of two variants and two seeds."""
    place = tmp_path_factory.mktemp("experiment")
    conduct(short_plan(SMOOTH), place)
    return place


@pytest.mark.slow
def test_the_table_is_of_the_test_images(place: Path) -> None:
    """Means over the predictions tables of the runs, which have exactly the images for testing."""
    images, plan = catalogue.load("digits"), short_plan(SMOOTH)
    accuracies: dict[str, list[float]] = {}
    with paths.rooted(place / workplace.RUNS):
        for run in plan.runs:
            table = pq.read_table(evaluations.find(paths.folder(run.name), "digits-test").table)
            parts = divided(images, run.recipe.data.division(run.seed))
            assert table["sample_id"].to_pylist() == [images.sample_ids[index] for index in parts.test]
            right = table["label"].to_numpy() == table["predicted"].to_numpy()
            accuracies.setdefault(run.variant.name, []).append(right.mean())
            assert store.read_card(paths.folder(run.name)).data["test_share"] == 0.1
    rows = table_of(place).set_index("variant")
    for name, values in accuracies.items():
        assert rows["mean"][name] == pytest.approx(sum(values) / 2)
    change = [b - a for a, b in zip(accuracies["plain"], accuracies["smooth"], strict=True)]
    assert rows["difference"]["smooth"] == pytest.approx(sum(change) / 2)
    assert rows["parameters"].tolist() == [21_840, 21_840]


def test_the_details_have_every_seed_and_setting(place: Path) -> None:
    details = json.loads((place / workplace.DETAILS).read_text())
    plain, smooth = details["rows"]
    assert (plain["differs"], smooth["differs"]) == ({}, {"loss.label_smoothing": 0.1})
    assert list(smooth["by_seed"]) == list(smooth["against_base"]["by_seed"]) == ["0", "1"]
    counts = [smooth["against_base"]["by_seed"][seed] for seed in ("0", "1")]
    pooled = smooth["against_base"]["pooled"]
    names = ["majority class", "median colour", "colour histogram", "nearest thumbnail"]
    assert [each["name"] for each in details["floor"]["baselines"]] == names
    assert (details["floor"]["num_trained"], details["floor"]["num_scored"]) == (100, 179)
    for name in ("num_fixed", "num_broken"):
        assert pooled[name] == sum(each[name] for each in counts)


def test_checkpoints_of_the_user_are_left_alone(place: Path, checkpoints: Path) -> None:
    assert not [name for name in store.folders() if "seed" in name]
    assert paths.root() == checkpoints
    assert sorted(path.name for path in (place / workplace.RUNS).iterdir() if path.name[0] != ".") == [
        "plain.seed0",
        "plain.seed1",
        "smooth.seed0",
        "smooth.seed1",
    ]


def test_a_finished_experiment_is_not_trained_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = table_of(place)

    def refused(*_arguments: object) -> None:
        raise AssertionError

    for name in ("train", "resume", "evaluate"):
        monkeypatch.setattr(running, name, refused)
    conduct(short_plan(SMOOTH), place)
    pd.testing.assert_frame_equal(table_of(place), before)


def test_another_experiment_in_the_same_folder_is_refused(place: Path) -> None:
    with pytest.raises(RecipeError, match=r"holds 'plain\.seed0' with another epochs; choose another folder"):
        conduct(planned(short_experiment(SMOOTH), changes=["epochs=3"]), place)
    assert len(table_of(place)) == 2


@pytest.mark.slow
def test_interrupted_and_started_again_it_ends_with_the_same_table(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power goes within the third of four trainings: its card still says running, its lock is free."""
    monkeypatch.setattr("core.training.lightning.keeper._SAVE_EVERY_S", 0.0)
    monkeypatch.setattr("core.training.lightning.keeper._SAVING_SHARE", math.inf)
    lines: list[str] = []

    def interrupt(line: str) -> None:
        lines.append(line)
        if "seed 1 (3 of 4)" in "".join(lines) and line.startswith("epoch   1"):
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        conduct(short_plan(SMOOTH), tmp_path, say=interrupt)
    with paths.rooted(tmp_path / workplace.RUNS):
        assert store.folders() == ["plain.seed0", "plain.seed1", "smooth.seed0"]
        folder = paths.folder("plain.seed1")
        store.update(folder, replace(store.read_card(folder), status="running"))
    conduct(short_plan(SMOOTH), tmp_path)
    pd.testing.assert_frame_equal(table_of(tmp_path), table_of(place))


def test_the_command_prints_what_it_writes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same experiment from a file: nothing is left to train."""
    file = place / "short.toml"
    file.write_text(
        'title = "Few digits"\nrecipe = "digits"\nseeds = 2\n[base]\nname = "plain"\nchange.epochs = 2\n'
        "change.data = {per_class = 10, test = 0.1, val = 0.05}\n"
        'change.model.architecture = "seewhy:two-conv-mnist"\n'
        '[[variants]]\nname = "smooth"\nchange.loss.label_smoothing = 0.1\n'
    )
    assert main(["experiment", str(file), "--out", str(place)]) == 0
    printed = capsys.readouterr().out
    assert "smooth, seed 1 (4 of 4)" in printed
    assert "nearest thumbnail" in printed
    means = table_of(place)["mean"]
    assert [
        f"\n{name:6}  {100 * mean:.2f} (" in printed
        for name, mean in zip(("plain", "smooth"), means, strict=True)
    ] == [True] * 2
    assert main(["experiment", str(file), "--out", str(place), "--set", "epochs=4"]) == 1
    assert "holds 'plain.seed0' with another epochs; choose another folder" in capsys.readouterr().err


def test_the_command_lists_the_experiments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiments"]) == 0
    assert "digits: convolutional, dense, convolutional without pooling" in capsys.readouterr().out


def test_a_stop_keeps_what_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.training.lightning.keeper._LOOK_EVERY_S", 0.0)  # Its epochs are shorter.

    def stop(line: str) -> None:
        if line.startswith("epoch   1"):
            run_module.request_stop(paths.folder("plain.seed0"))

    with pytest.raises(Stopped):
        conduct(short_plan(SMOOTH), tmp_path, say=stop)
    assert not (tmp_path / workplace.TABLE).exists()
    assert workplace.asked(tmp_path) == ASKED
    assert not workplace.is_under_way(tmp_path)


@pytest.mark.slow
def test_a_training_that_fails_leaves_the_others_their_rows(tmp_path: Path) -> None:
    nothing = {"name": "nothing", "change": {"image": {"size": 2}}}
    results = conduct(short_plan(nothing, SLOW, seeds=1), tmp_path)
    assert [each.fault[:17] for each in results] == ["", "images of 2 x 2 p", ""]
    rows = table_of(tmp_path).set_index("variant")
    assert rows["seeds"].tolist() == [1, 0, 1]
    assert rows["interval"].tolist()[::2] == ["Wilson, 1 seed"] * 2
    assert rows["mean"].isna().tolist() == [False, True, False]


@pytest.mark.slow
def test_a_variant_learns_on_from_the_weights_of_another(tmp_path: Path) -> None:
    """With a learning rate of nothing, it has the other's weights and makes its mistakes."""
    more = {"weights": "checkpoint:plain"}
    change = {"model": more, "optimiser": {"lr": 0.0}}
    results = conduct(short_plan({"name": "more", "change": change, "because": "nothing moves"}), tmp_path)
    assert [each.fault for each in results] == [""] * 4
    plain, learned_on = (each.scores for each in results[:2])
    assert plain is not None
    assert learned_on is not None
    assert plain.table.equals(learned_on.table)
    assert table_of(tmp_path)["difference"].tolist()[1] == 0


def test_without_a_test_part_nothing_is_trained(tmp_path: Path) -> None:
    plan = planned(short_experiment(SMOOTH), changes=["data.test=0"])
    with pytest.raises(DataError, match="'plain' leaves no image of 'digits' for testing; set data"):
        conduct(plan, tmp_path)
    assert not (tmp_path / workplace.RUNS).exists()


class FakeTraining:
    """Instead of ``python -m core train``: trains here, by the recipe in the file that it is given."""

    def __init__(self, *arguments: str, log: Path) -> None:
        command, recipe, _, name, *others = arguments
        assert (command, others) == ("train", ["--resume", "--devices", "2", "--layout", ""])
        train(recipes.read(recipe), Job(name))
        log.parent.mkdir(exist_ok=True)

    def wait(self) -> None:
        """It has ended already."""


@pytest.mark.slow
def test_several_devices_train_each_variant_in_processes_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise those that Lightning starts for one training would go on to the next one."""
    monkeypatch.setattr("core.training.experiments.apart.processes.start", FakeTraining)
    results = conduct(short_plan(SMOOTH, seeds=1), tmp_path, devices=2)
    assert [each.fault for each in results] == ["", ""]
    assert table_of(tmp_path)["seeds"].tolist() == [1, 1]


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_as_toml_is_the_same_recipe(name: str) -> None:
    recipe = recipes.read(name)
    assert recipes.parse(tomllib.loads(apart.as_toml(recipe))) == recipe


@pytest.mark.slow
def test_a_checkpoint_of_the_user_gives_the_recipe_and_the_weights(place: Path, tmp_path: Path) -> None:
    """Of a second experiment, whose base trains on with a learning rate of 0: the same answers."""
    own = "checkpoint:plain.seed0"
    with paths.rooted(place / workplace.RUNS):
        rate, weights = {"optimiser": {"lr": 0.0}, "epochs": 1}, {"model": {"weights": own}}
        base = {"name": "as it was", "change": rate | weights}
        plan = short_plan(SMOOTH, recipe=own, base=base, seeds=1)
        assert plan.base.recipe.data.per_class == 10
        assert [each.own_weights for each in plan.variants] == ["plain.seed0", "plain.seed0"]
        (first, *_) = conduct(replace(plan, variants=plan.variants[:1]), tmp_path)
        before = store.load(paths.folder("plain.seed0"))
    with paths.rooted(tmp_path / workplace.RUNS):
        after = store.load(paths.folder("as-it-was.seed0"))
    assert first.scores is not None
    for name, value in before.model.state_dict().items():
        assert after.model.state_dict()[name].equal(value)
    other = replace(store.read_card(tmp_path / workplace.RUNS / "plain.seed0"), weights_sha256="0" * 64)
    store.update(tmp_path / workplace.RUNS / "plain.seed0", other)
    with (
        paths.rooted(place / workplace.RUNS),
        pytest.raises(RecipeError, match=r"'plain\.seed0' has other weights than when this experiment began"),
    ):
        conduct(plan, tmp_path)
