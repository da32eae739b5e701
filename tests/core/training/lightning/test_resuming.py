"""A training that is resumed gives what it would have given without a break, or is refused."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from core.checkpoints import paths, store
from core.data.corrections import Correction, write
from core.errors import RecipeError, TrainingError
from core.training.lightning.train import Job, resume, train
from tests.support.trainings.short_trainings import (
    SIGNS,
    TWO_CONVOLUTIONS,
    assert_same_history,
    assert_same_weights,
    job,
    short_recipe,
)


class _Interruption:
    """Ends a training from inside, when a line about this epoch is said."""

    def __init__(self, epoch: int, error: BaseException) -> None:
        self.epoch, self.error = epoch, error

    def __call__(self, line: str) -> None:
        if line.startswith(f"epoch {self.epoch:3d}"):
            raise self.error


@pytest.fixture
def _always_save(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.training.lightning.keeper._SAVE_EVERY_S", 0.0)
    monkeypatch.setattr("core.training.lightning.keeper._SAVING_SHARE", math.inf)


@pytest.mark.usefixtures("_always_save")
@pytest.mark.slow
def test_failed_and_resumed_is_never_failed(tmp_path: Path) -> None:
    """With dropout, batch norm, augmentation, both schedules, early stopping and momentum."""
    changes = (
        *SIGNS,
        "epochs=5",
        "data.val=0.02",
        "augment.rotation=10",
        "speed.workers=0",
        "keep.patience=5",
    )
    schedule = ("schedule.drop_after=[3]", "schedule.plateau=1", "schedule.factor=0.7")
    recipe = short_recipe(
        *changes, *schedule, "optimiser.name=sgd", "optimiser.momentum=0.9", "optimiser.lr=0.02"
    )
    whole = train(recipe, job("whole"))
    for epoch in (1, 4):
        name = f"cut{epoch}"
        with pytest.raises(RuntimeError, match="the power went"):
            train(recipe, job(name, _Interruption(epoch, RuntimeError("the power went"))))
        assert store.read_card(tmp_path / name).status == "failed"
        cut = resume(recipe, job(name))
        assert_same_weights(whole, cut)
        assert_same_history(whole, cut)
        assert store.read_card(cut).status == "finished"


@pytest.mark.usefixtures("_always_save")
@pytest.mark.slow
def test_the_state_is_read_without_executing_anything(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the power went"):
        train(short_recipe(*TWO_CONVOLUTIONS), job(say=_Interruption(3, RuntimeError("the power went"))))
    state = tmp_path / "run" / paths.STATE
    content = torch.load(state, weights_only=True)
    assert content["epoch"] == 2
    torch.save(content | {"callbacks": _Malice(tmp_path / "executed")}, state)
    with pytest.raises(
        TrainingError, match=r"resume.ckpt is damaged: the training cannot continue; start a new one"
    ):
        resume(None, job())
    assert not (tmp_path / "executed").exists()
    weights = {name: value[:1] for name, value in content["state_dict"].items()}
    for damaged in (
        content | {"state_dict": weights},
        {"epoch": 2},
        content | {"callbacks": {"Keeper": 3}},
        7,
    ):
        torch.save(damaged, state)
        with pytest.raises(TrainingError, match=r"resume.ckpt is damaged"):
            resume(None, job())
    for rubbish in (b"", b"PK\3\4", b"no state"):
        state.write_bytes(rubbish)
        with pytest.raises(TrainingError, match=r"resume.ckpt is damaged"):
            resume(None, job())
    assert "resume.ckpt is damaged" in store.read_card(tmp_path / "run").reason
    state.unlink()
    assert store.read_card(resume(None, job())).status == "finished"


class _Malice:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_data_that_changed_are_not_trained_on_any_further(photos_of_two_classes: Path) -> None:
    job = Job("own", data=photos_of_two_classes)
    recipe = short_recipe(*SIGNS, "data.per_class=0", "data.val=0.25")
    stop = Job("own", data=photos_of_two_classes, say=_Interruption(1, RuntimeError("stop")))
    with pytest.raises(RuntimeError, match="stop"):
        train(recipe, stop)
    (photos_of_two_classes / "light" / "7.png").unlink()
    with pytest.raises(TrainingError, match="the data of 'own' has changed"):
        resume(recipe, job)


def test_another_recipe_is_not_resumed() -> None:
    with pytest.raises(RuntimeError, match="stop"):
        train(short_recipe(*TWO_CONVOLUTIONS), job(say=_Interruption(1, RuntimeError("stop"))))
    with pytest.raises(RecipeError, match=r"'run' was started with another optimiser\.lr"):
        resume(short_recipe(*TWO_CONVOLUTIONS, "optimiser.lr=0.5"), job())


def test_what_is_finished_is_not_resumed() -> None:
    train(short_recipe(*TWO_CONVOLUTIONS, "epochs=1"), job())
    with pytest.raises(TrainingError, match="'run' is finished"):
        resume(None, job())


@pytest.mark.usefixtures("_always_save")
@pytest.mark.slow
def test_a_resumed_training_keeps_its_corrections_when_the_file_has_changed(tmp_path: Path) -> None:
    decisions = tmp_path / "mine.csv"
    write(decisions, [Correction(f"digits/{index}", "relabel", "7") for index in range(40)])
    recipe = short_recipe(*TWO_CONVOLUTIONS)
    whole = train(recipe, Job("whole", corrections=decisions))
    interruption = _Interruption(1, RuntimeError("the power went"))
    with pytest.raises(RuntimeError, match="the power went"):
        train(recipe, Job("cut", say=interruption, corrections=decisions))
    decisions.unlink()
    cut = resume(recipe, Job("cut"))
    assert_same_history(whole, cut)
    assert_same_weights(whole, cut)
    assert store.read_card(cut).data["corrections"]["relabelled"] > 30
