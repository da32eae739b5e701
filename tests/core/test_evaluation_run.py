"""An evaluation in a process of its own: it starts, says how far it is, ends, or says why it cannot."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from core import checkpoint
from core.errors import EvaluationError
from core.predicting import background
from core.predicting.parts import is_under_way, num_predicted
from core.predicting.samples import METRICS, PREDICTIONS


@pytest.fixture
def folder() -> Iterator[Path]:
    """The digits without predictions, among the real checkpoints: the process knows no others."""
    made = checkpoint.ROOT / f"test-evaluate-{os.getpid()}"
    shutil.copytree(
        checkpoint.ROOT / "digits", made, ignore=shutil.ignore_patterns(PREDICTIONS, METRICS, "*.json")
    )
    shutil.copy(checkpoint.ROOT / "digits" / checkpoint.CARD, made)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_it_runs_to_the_table_that_ships(folder: Path) -> None:
    background.start(folder, None)
    limit = time.monotonic() + 120
    while is_under_way(folder) or not (folder / METRICS).exists():
        assert time.monotonic() < limit, background.complaint(folder)
        time.sleep(0.1)
    found, shipped = (pd.read_parquet(each / PREDICTIONS) for each in (folder, checkpoint.ROOT / "digits"))
    assert found["sample_id"].tolist() == shipped["sample_id"].tolist()
    assert found["predicted"].tolist() == shipped["predicted"].tolist()
    assert num_predicted(folder) == 0


def test_why_it_cannot_start_is_the_process_own_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="is no folder of labelled images"):
        background.start(folder, tmp_path)
    assert not is_under_way(folder)


def test_two_at_once_are_refused(folder: Path) -> None:
    lock = folder / ".evaluation" / ".lock"
    lock.parent.mkdir()
    with FileLock(lock), pytest.raises(EvaluationError, match="is being evaluated already"):
        background.start(folder, None)
    assert not is_under_way(folder)
