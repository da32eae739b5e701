"""Fixes by training again: one thing is changed, and samples that a fix used prove nothing."""

import json
from pathlib import Path

import pandas as pd
import pytest

from core.checkpoints import paths, store
from core.data.corrections import Correction, write
from core.data.sources import catalogue
from core.errors import FixError
from core.evaluation.comparing.proof import ALL_SAMPLES
from core.predictions import evaluations
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import samples_of
from core.training.fixes.fixing import Choices
from core.training.fixes.kept import kept_fix, like_new_in_words
from core.training.fixes.kinds import KINDS, fix
from core.training.lightning.train import train
from core.training.settings import recipe as recipes
from tests.support.trainings.short_trainings import TWO_CONVOLUTIONS, job, short_recipe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network trained on 80 digits for two epochs, and evaluated on its validation images."""
    with paths.rooted(tmp_path_factory.mktemp("checkpoints")):
        folder = train(short_recipe(*TWO_CONVOLUTIONS, "epochs=2"), job("small"))
        evaluate(
            folder, samples_of(store.read_card(folder), catalogue.load("digits"), "val"), keep=Keep("val")
        )
    return folder


@pytest.fixture
def folder(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(paths.VARIABLE, str(root.parent))
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path))
    return root


def test_a_gentler_training_has_the_same_recipe_but_for_the_learning_rate(folder: Path) -> None:
    done = fix(folder, ALL_SAMPLES, by="gentle", name="gentle", evaluation="val")
    before, after = (recipes.parse(store.read_card(each).recipe) for each in (folder, done.folder))
    assert recipes.differences(before, after) == ["optimiser.lr"]
    card = store.read_card(done.folder)
    assert (done.evaluation, card.fix["proved_in"], card.fix["by"]) == ("val", "val", "gentle")
    assert "a third of 0.001" in card.fix["change"]
    assert done.proof.elsewhere is None
    assert done.proof.group == done.proof.overall
    tables = [pd.read_parquet(evaluations.find(each, "val").table) for each in (folder, done.folder)]
    right = [(each["label"] == each["predicted"]).mean() for each in tables]
    assert [done.proof.overall.first_accuracy, done.proof.overall.second_accuracy] == right


def test_samples_whose_label_was_corrected_prove_nothing(folder: Path, tmp_path: Path) -> None:
    ids = pd.read_parquet(evaluations.find(folder, "val").table)["sample_id"].tolist()
    decided = [Correction(ids[0], "exclude"), Correction(ids[1], "relabel", "7"), Correction(ids[2], "keep")]
    write(tmp_path / "mine.csv", decided)
    choices = Choices(corrections=tmp_path / "mine.csv")
    done = fix(folder, ALL_SAMPLES, by="corrections", name="corrected", evaluation="val", choices=choices)
    assert done.evaluation == "val-untouched"
    proved = pd.read_parquet(evaluations.find(done.folder, "val-untouched").table)["sample_id"].tolist()
    assert proved == ids[2:]
    assert store.read_card(done.folder).data["corrections"]["excluded"] == 1


def test_a_drift_is_matched_and_proved_on_samples_like_the_new_photos(folder: Path, tmp_path: Path) -> None:
    medians = {"known": 0.3, "new": 0.09, "p_adjusted": 0.0001}
    report = tmp_path / "drift.json"
    report.write_text(json.dumps({"p": 0.0001, "properties": {"brightness": medians}}))
    done = fix(
        folder, ALL_SAMPLES, by="augment", name="like-new", evaluation="val", choices=Choices(drift=report)
    )
    before, after = (recipes.parse(store.read_card(each).recipe) for each in (folder, done.folder))
    assert recipes.differences(before, after) == ["augment.brightness_factor"]
    assert after.augment.brightness_factor == (0.3, 1.0)
    kept = kept_fix(store.read_card(done.folder))
    assert kept is not None
    assert kept.like_new is not None
    assert kept.like_new.how == "0.3 times as bright"
    assert kept.like_new.verdict.num_samples == done.proof.overall.num_samples
    assert "samples made like the new photos (0.3 times as bright)" in like_new_in_words(kept.like_new)


def test_each_kind_says_what_is_missing(folder: Path) -> None:
    reasons = {
        "head": "it needs a group: choose one that was found",
        "weight": "it needs a group",
        "oversample": "it needs a group",
        "background": "'digits' has no masks that mark the objects",
        "blur-background": "'digits' has no masks",
        "corrections": "no decisions on labels of 'digits'",
        "augment": "no report on drift of new photos",
    }
    for by, reason in reasons.items():
        with pytest.raises(FixError, match=reason):
            fix(folder, ALL_SAMPLES, by=by, name="other")
    assert set(KINDS) - set(reasons) == {"class-weights", "gentle", "longer"}
