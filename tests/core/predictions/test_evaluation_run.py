"""An evaluation in a process of its own: it starts, says how far it is, ends, or says why it cannot."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from core import processes
from core.checkpoints import paths
from core.errors import EvaluationError
from core.predictions import evaluations
from core.predictions.evaluating import background
from core.predictions.evaluating.workplace import num_predicted
from tests.support.programs import commands
from tests.support.programs.waiting import until_over

NAME = "by-hand"
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _from_the_fork_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "start", commands.start)


@pytest.fixture
def folder() -> Path:
    """The digits without evaluations."""
    made = paths.folder("mine")
    shutil.copytree(paths.root() / "digits", made, ignore=shutil.ignore_patterns(paths.EVALUATIONS, "*.json"))
    shutil.copy(paths.root() / "digits" / paths.CARD, made)
    return made


def test_it_runs_to_the_table_that_ships(folder: Path) -> None:
    background.start(folder, None, "val", NAME)
    until_over(lambda: evaluations.is_under_way(folder, NAME))
    assert evaluations.every(folder), background.complaint(folder, NAME)
    found, shipped = (evaluations.find(each) for each in (folder, paths.root() / "digits"))
    assert found.name == NAME
    assert replace(found.facts, date="", key="") == replace(shipped.facts, date="")
    tables = [pd.read_parquet(each.table) for each in (found, shipped)]
    assert tables[0]["sample_id"].tolist() == tables[1]["sample_id"].tolist()
    assert tables[0]["predicted"].tolist() == tables[1]["predicted"].tolist()
    assert num_predicted(folder, NAME) == 0


def test_why_it_cannot_start_is_the_process_own_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="is not a folder of labelled images"):
        background.start(folder, tmp_path, "val", NAME)
    assert evaluations.under_way(folder) == []


def test_two_at_once_into_one_name_are_refused(folder: Path) -> None:
    lock = evaluations.lock_of(folder, NAME)
    lock.parent.mkdir(parents=True)
    with FileLock(lock), pytest.raises(EvaluationError, match="is being evaluated as 'by-hand' already"):
        background.start(folder, None, "val", NAME)
    assert not evaluations.is_under_way(folder, NAME)
