"""A training that has not finished can be resumed; others are left as they are."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from core.checkpoints import store
from core.checkpoints.store import Card
from core.errors import CheckpointError, TrainingError
from core.training.runs.run import RunFolder, is_alive
from tests.support.trainings.run_folders import CARD, FINISHED, ended


@pytest.mark.parametrize("status", ["stopped", "failed", "running"])
def test_what_was_not_finished_goes_on(tmp_path: Path, status: str) -> None:
    ended("x", replace(CARD, status=status, reason="because"))
    again = RunFolder.again("x")
    card = store.read_card(tmp_path / "x")
    assert (card.status, card.reason) == ("running", "")
    assert card.weights_sha256 is not None
    assert again.state == tmp_path / "x" / "resume.ckpt"
    again._lock.release()


@pytest.mark.parametrize(
    ("card", "error", "message"),
    [
        (FINISHED, TrainingError, "'x' is finished; there is nothing to resume"),
        (replace(CARD, recipe={}), TrainingError, "'x' was not trained here, so there is nothing to resume"),
        (None, CheckpointError, "no training named 'x' to resume"),
    ],
)
def test_what_cannot_be_resumed_is_left_as_it_is(
    tmp_path: Path, card: Card | None, error: type[Exception], message: str
) -> None:
    folder = ended("x", card) if card else tmp_path
    before = sorted(folder.iterdir())
    with pytest.raises(error, match=message):
        RunFolder.again("x")
    assert sorted(folder.iterdir()) == before


def test_one_that_ended_while_its_lock_was_waited_for_is_not_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The card of before the lock is out of date; written back, it would not fit the new weights."""
    folder = ended("x", CARD)
    acquire = FileLock.acquire

    def acquire_late(lock: FileLock, **settings: float) -> object:
        store.update(folder, FINISHED, {"x": torch.zeros(1)})
        return acquire(lock, **settings)

    with monkeypatch.context() as late:
        late.setattr(FileLock, "acquire", acquire_late)
        with pytest.raises(TrainingError, match="'x' is finished; there is nothing to resume"):
            RunFolder.again("x")
    assert not is_alive(folder)
    assert store._read(folder)[1]["x"].tolist() == [0]
