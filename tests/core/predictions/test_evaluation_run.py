"""An evaluation in a process of its own: it starts, says how far it is, ends, or says why it cannot."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from core.checkpoints import store
from core.errors import EvaluationError
from core.predictions import evaluations
from core.predictions.evaluating import background
from core.predictions.evaluating.parts import num_predicted

NAME = "by-hand"


@pytest.fixture
def folder() -> Iterator[Path]:
    """The digits without evaluations, among the real checkpoints: the process knows no others."""
    made = store.ROOT / f"test-evaluate-{os.getpid()}"
    shutil.copytree(
        store.ROOT / "digits", made, ignore=shutil.ignore_patterns(evaluations.EVALUATIONS, "*.json")
    )
    shutil.copy(store.ROOT / "digits" / store.CARD, made)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_it_runs_to_the_table_that_ships(folder: Path) -> None:
    background.start(folder, None, "val", NAME)
    limit = time.monotonic() + 120
    while evaluations.is_under_way(folder, NAME) or not evaluations.every(folder):
        assert time.monotonic() < limit, background.complaint(folder, NAME)
        time.sleep(0.1)
    found, shipped = (evaluations.find(each) for each in (folder, store.ROOT / "digits"))
    assert found.name == NAME
    assert replace(found.facts, date="", key="") == replace(shipped.facts, date="")
    tables = [pd.read_parquet(each.table) for each in (found, shipped)]
    assert tables[0]["sample_id"].tolist() == tables[1]["sample_id"].tolist()
    assert tables[0]["predicted"].tolist() == tables[1]["predicted"].tolist()
    assert num_predicted(folder, NAME) == 0


def test_why_it_cannot_start_is_the_process_own_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="is no folder of labelled images"):
        background.start(folder, tmp_path, "val", NAME)
    assert evaluations.under_way(folder) == []


def test_two_at_once_into_one_name_are_refused(folder: Path) -> None:
    lock = evaluations.lock_of(folder, NAME)
    lock.parent.mkdir(parents=True)
    with FileLock(lock), pytest.raises(EvaluationError, match="is being evaluated as 'by-hand' already"):
        background.start(folder, None, "val", NAME)
    assert not evaluations.is_under_way(folder, NAME)
