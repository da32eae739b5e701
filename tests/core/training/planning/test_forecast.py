"""A forecast adds up, is said in words, and comes through JSON as it was."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from core import processes
from core.data.division import divided
from core.data.sources import catalogue
from core.errors import TrainingError
from core.training.lightning import rehearsal
from core.training.planning.asking import predicted
from core.training.planning.forecast import Forecast, as_json, facts, parsed
from core.training.planning.objects import ObjectSizes
from core.training.planning.proposals import Proposal
from core.training.planning.step_memory import step_memory
from core.training.settings import recipe as recipes
from tests.support.programs import commands

FORECAST = Forecast(
    "CPU", 32, 10, 2_500_000_000, 16_000_000_000, 8.0, 75.0, ObjectSizes(9, 20.0, 0.25, 0.0),
    (Proposal("a reason", ("batch_size=8",)),),
)  # fmt: skip


def test_a_forecast_comes_through_json_as_it_was() -> None:
    assert parsed(as_json(FORECAST)) == FORECAST
    assert parsed(as_json(replace(FORECAST, objects=None))).objects is None
    with pytest.raises(TrainingError, match="the prediction could not be read; try again"):
        parsed('{"device": 3}')


def test_it_is_said_in_words() -> None:
    assert [(fact.label, fact.text) for fact in facts(FORECAST)] == [
        ("Memory", "about 2.5 GB for a step of 32 images, of 16.0 GB"),
        ("Time", "about 1 min 15 s per epoch, 12 min 38 s in all"),
        ("Before that", "about 8.0 s to read the images and compute features"),
        ("Estimated from", "two batches on CPU"),
        ("Objects", "20 pixels in the median of 9; 25% below 8 pixels, 0% mostly cut off"),
    ]


@pytest.mark.parametrize(("changes", "augmented"), [((), 0), (("augment.rotation=5",), 1)])
def test_by_a_clock_that_ticks_at_each_look_the_times_are_known(
    changes: tuple[str, ...], augmented: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each measurement is one tick of a second: half a second a batch; the images together take one."""
    ticks = itertools.count()
    monkeypatch.setattr(rehearsal.time, "perf_counter", lambda: next(ticks))
    monkeypatch.setattr(rehearsal.os, "cpu_count", lambda: 2)
    recipe = recipes.read("digits", ("batch_size=16", *changes))
    images = catalogue.load("digits")
    split = divided(images, recipe.data.division(0))
    forecast = rehearsal.rehearse(recipe, images)
    training = 0.5 / 16 + augmented * 0.5 / 16 / 2  # Two cores share the augmentation.
    expected = len(split.train) * training + len(split.val) * 0.5 / 16
    assert forecast.seconds_per_epoch == pytest.approx(expected)
    assert forecast.seconds_before == pytest.approx(len(images) / 16 / 2)
    assert forecast.memory == step_memory(recipe, 10).of(16)
    assert (forecast.epochs, forecast.objects) == (15, None)


def test_the_cached_part_runs_before_the_first_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(rehearsal.time, "perf_counter", lambda: next(ticks))
    monkeypatch.setattr(rehearsal.os, "cpu_count", lambda: 2)
    images = catalogue.load("digits")
    recipe = recipes.read("digits", ("batch_size=16", "model.train_from=head"))
    forecast = rehearsal.rehearse(recipe, images)
    assert forecast.seconds_before == pytest.approx(len(images) / 16 / 2 + len(images) * 0.5 / 16)


@pytest.mark.slow
def test_another_process_predicts_or_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path))
    monkeypatch.setattr(processes, "start", commands.start)
    forecast = predicted("digits", data=None, changes=["batch_size=8"])
    assert (forecast.batch_size, forecast.epochs) == (8, 15)
    assert forecast.seconds > 0
    with pytest.raises(TrainingError, match="no architecture 'seewhy:nothing'"):
        predicted("digits", data=None, changes=["model.architecture=seewhy:nothing"])
    assert not list((tmp_path / "plans").iterdir())
