"""A fix by the last layer: what it changes, which samples prove it, and what the card keeps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.__main__ import main
from core.checkpoints import paths, store
from core.data.sources import catalogue
from core.errors import FixError
from core.predictions import evaluations, prediction_table, sample_features
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import samples_of
from core.training.fixes.fixing import Choices
from core.training.fixes.held_out import held_out
from core.training.fixes.kinds import fix
from tests.support.results import kept_groups
from tests.support.stored.tiny_evaluation import random_checkpoint

NUM = 400
GROUP = "late digits"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with random weights, evaluated on 400 digits, of which those from 200 on are a group."""
    with paths.rooted(tmp_path_factory.mktemp("checkpoints")):
        folder = random_checkpoint("random", tuple("0123456789"))
        samples = samples_of(store.read_card(folder), catalogue.load("digits"), "val")
        evaluate(folder, replace(samples, indices=np.arange(NUM)), keep=Keep("some"))
        kept_groups.keep(
            evaluations.find(folder, "some"), {GROUP: [f"digits/{index}" for index in range(200, NUM)]}
        )
    return folder


@pytest.fixture
def root(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(paths.VARIABLE, str(folder.parent))
    return folder


@pytest.fixture(scope="module")
def fixed(folder: Path) -> Path:
    with paths.rooted(folder.parent):
        return fix(folder, GROUP, by="head", name="fixed", choices=Choices(3)).folder


@pytest.mark.slow
def test_only_the_last_layer_has_other_weights(fixed: Path, root: Path) -> None:
    before, after = (store.load(place).model.state_dict() for place in (root, fixed))
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert changed == ["head.weight", "head.bias"]


def test_the_features_and_the_new_layer_give_the_predictions_of_the_fixed_network(
    fixed: Path, root: Path
) -> None:
    features = sample_features.read(evaluations.find(root, "some"))
    assert features is not None
    head = store.load(fixed).model.get_submodule("head")
    predicted = head(torch.from_numpy(features.astype("float32"))).argmax(1).numpy()
    table = prediction_table.read(evaluations.find(fixed, "some").table)
    assert (predicted == table["predicted"].to_numpy()).mean() > 0.99


def test_it_is_proved_on_the_half_that_it_did_not_use(fixed: Path, root: Path) -> None:
    table = prediction_table.read(evaluations.find(root, "some").table)
    rest = prediction_table.read(evaluations.find(fixed, "some-untouched").table)
    rows = held_out(table["label"].to_numpy(), np.arange(NUM) >= 200, seed=3).untouched
    assert rest["sample_id"].to_pylist() == [f"digits/{row}" for row in rows]
    proof = store.read_card(fixed).fix["proof"]
    was_right, is_right = (
        (each["label"].to_numpy() == each["predicted"].to_numpy()) for each in (table, rest)
    )
    assert proof["overall"]["first_accuracy"] == was_right[rows].mean()
    assert proof["overall"]["second_accuracy"] == is_right.mean()
    assert proof["group"]["second_accuracy"] == is_right[rows >= 200].mean() > 0.6
    assert proof["elsewhere"]["second_accuracy"] == is_right[rows < 200].mean()


def test_the_card_says_what_was_fixed_and_how(fixed: Path, root: Path) -> None:
    card, own = store.read_card(fixed), store.read_card(root)
    kept = {"from": "random", "from_weights": own.weights_sha256, "group": GROUP, "by": "head"}
    assert kept.items() <= card.fix.items()
    assert (card.fix["found_in"], card.fix["proved_in"]) == ("some", "some-untouched")
    assert card.fix["change"].startswith("the last layer, fitted to 200 of the 400 samples of 'some'")


@pytest.mark.slow
def test_the_command_says_whether_it_helped(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", "random", "--group", GROUP, "--by", "head", "--out", "printed"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("It helped. Wrong in this group: 9")
    assert printed[1].startswith("  all samples: 200 samples, wrong ")
    assert printed[-1].endswith("compare with random on some-untouched")
    assert root.with_name("printed").is_dir()


def test_an_unknown_group_names_those_that_there_are(root: Path) -> None:
    with pytest.raises(FixError, match="'random' has no group named 'dark'; there is 'late digits'"):
        fix(root, "dark", by="head", name="other")


@pytest.mark.parametrize("by", ["weight", "gentle", "background", "corrections"])
def test_what_was_not_trained_here_cannot_be_trained_again(by: str, root: Path, tmp_path: Path) -> None:
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("sample_id,decision,label\ndigits/3,exclude,\n")
    with pytest.raises(FixError, match="'random' was not trained here, so it cannot be trained again"):
        fix(root, GROUP, by=by, name="other", choices=Choices(corrections=decisions))


def test_corrections_need_decisions(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path))
    with pytest.raises(FixError, match="no decisions on labels of 'digits'; decide on Mistakes"):
        fix(root, GROUP, by="corrections", name="other")
