"""How an experiment stands, copies of its trainings, and how it is started and stopped."""

import os
from pathlib import Path

import pytest

from core.checkpoints import paths, store
from core.errors import TrainingError
from core.predictions import evaluations
from core.training.experiments import background, keeping, standing, workplace
from core.training.experiments.plan import Plan, PlannedRun
from core.training.experiments.running import conducted
from core.training.experiments.workplace import ExperimentOptions
from core.training.lightning.train import Job
from core.training.runs import run as run_module
from core.training.runs.run import Stopped
from tests.support.trainings.short_experiments import SMOOTH, short_plan

ASKED = ExperimentOptions("short", seeds=2)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return short_plan(SMOOTH)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Path:
    """A finished experiment, where the app has its experiments."""
    place = tmp_path_factory.mktemp("root") / paths.EXPERIMENTS / "short"
    conducted(plan, place, ASKED, Job(""))
    return place


def test_before_it_begins_all_variants_wait(plan: Plan, tmp_path: Path) -> None:
    rows = standing.as_frame(standing.standing(plan, tmp_path), tmp_path)
    assert rows["state"].tolist() == ["waiting", "waiting"]
    assert rows["differs"].tolist() == ["", "loss.label_smoothing=0.1"]
    assert rows["mean"].tolist() == ["", ""]


@pytest.mark.slow
def test_finished_it_shows_the_numbers_of_the_table(plan: Plan, place: Path) -> None:
    standings = standing.standing(plan, place)
    table = standing._compared(place)
    rows = standing.as_frame(standings, place)
    assert [each.seeds for each in standings] == [(0, 1), (0, 1)]
    assert standing.is_complete(standings, plan, place)
    assert rows["state"].tolist() == ["finished", "finished"]
    assert rows["difference"].tolist()[0] == ""
    assert float(rows["difference"][1].replace("\N{MINUS SIGN}", "-")) == pytest.approx(
        100 * table["smooth"]["difference"], abs=0.05
    )
    assert standing.remarks(plan, place)[0].startswith("Without a network: majority class ")


def test_more_seeds_are_still_to_do(place: Path) -> None:
    more = short_plan(SMOOTH, seeds=3)
    standings = standing.standing(more, place)
    assert [each.state for each in standings] == ["2 of 3 finished"] * 2
    assert not standing.is_complete(standings, more, place)


def test_one_finished_seed_has_wilson_s_interval(place: Path) -> None:
    plain, _ = standing.standing(short_plan(SMOOTH, seeds=1), place)
    assert plain.score is not None
    assert plain.score.method == "Wilson, 1 seed"


@pytest.mark.slow
def test_stopped_it_says_which_training_and_goes_on_later(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.lightning.keeper._LOOK_EVERY_S", 0.0)  # Its epochs are shorter.

    def stop(line: str) -> None:
        if line.startswith("epoch   1"):
            assert standing.standing(plan, tmp_path)[0].state.startswith("seed 0: ")
            workplace.ask_to_stop(tmp_path)

    with pytest.raises(Stopped):
        conducted(plan, tmp_path, ASKED, Job("", say=stop))
    assert workplace.is_asked_to_stop(tmp_path)
    assert standing.standing(plan, tmp_path)[0].state == "seed 0 stopped"
    with pytest.raises(Stopped):  # Between two trainings.
        conducted(plan, tmp_path, ASKED, Job(""), lambda _result: (tmp_path / paths.STOP).touch())
    assert [each.seeds for each in standing.standing(plan, tmp_path)] == [(0,), ()]


def test_a_copy_is_an_ordinary_checkpoint_with_its_evaluations(plan: Plan, place: Path) -> None:
    run = PlannedRun(plan.variants[1], 1)
    assert not keeping.is_kept(place, run)
    name = keeping.kept(place, run)
    assert name == "short-smooth.seed1"
    assert name in store.available()
    assert keeping.is_kept(place, run)
    assert keeping.kept(place, run) == name
    assert keeping.evaluation_on_test(name) == "digits-test"
    assert {each.facts.split for each in evaluations.every(paths.folder(name))} == {"val", "test"}
    assert not list(paths.folder(name).glob(".*"))


def test_a_copy_never_replaces_another_checkpoint(plan: Plan, place: Path) -> None:
    run = PlannedRun(plan.variants[1], 0)
    store.save("short-smooth.seed0", store.read_card(store.find("digits")), {})
    with pytest.raises(TrainingError, match=r"another checkpoint is named 'short-smooth\.seed0'; delete it"):
        keeping.kept(place, run)


def test_the_options_of_a_page_are_those_of_the_command() -> None:
    options = ExperimentOptions("digits", data="/a b", seeds=2, changes=("epochs=3",))
    assert options.arguments == ["digits", "--data=/a b", "--seeds=2", "--set=epochs=3"]
    assert ExperimentOptions("digits").arguments == ["digits"]


def test_a_process_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, ...]] = []

    def launched(*arguments: str, log: Path, **_settings: object) -> str:
        given.append(arguments)
        log.write_text("error: no recipe\n")
        return "no recipe"

    monkeypatch.setattr(background.processes, "launch", launched)
    with pytest.raises(TrainingError, match="no recipe"):
        background.start(tmp_path, ExperimentOptions("digits", seeds=2))
    assert given == [("experiment", "digits", "--seeds=2", "--out", str(tmp_path))]
    assert background.complaint(tmp_path) == "no recipe"


def test_a_running_experiment_is_not_started_twice_nor_deleted(tmp_path: Path) -> None:
    with workplace.held(tmp_path):
        with pytest.raises(TrainingError, match="the experiment is running already"):
            background.start(tmp_path, ASKED)
        with pytest.raises(TrainingError, match="the experiment is running; stop it first"):
            workplace.forget(tmp_path)
        assert os.environ[paths.VARIABLE] == str(tmp_path / workplace.RUNS)
    workplace.forget(tmp_path)
    assert not tmp_path.exists()
    assert not run_module.is_alive(tmp_path)
