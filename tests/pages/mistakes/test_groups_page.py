"""Groups of mistakes on the page Mistakes: found with a button, then cards with the samples of each."""

import contextlib
import io
import shutil
from pathlib import Path

import pandas as pd
import pytest

from core.__main__ import main
from core.checkpoints import paths
from core.errors import EvaluationError
from core.mistakes.reports import ReportPlace
from core.predictions import evaluations, groups
from tests.support.pages.looking import as_read, captions, opened
from tests.support.pages.mistakes_page import PAGE, shown

_NAME = "shortcut"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkpoint that learned a shortcut, in a folder of its own, without groups."""
    shutil.copytree(paths.root() / _NAME, tmp_path / _NAME, ignore=shutil.ignore_patterns(paths.GROUPS))
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    return tmp_path / _NAME


@pytest.fixture
def _in_this_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A search that is started runs at once, in this process."""
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))

    def run(place: ReportPlace, *arguments: str) -> None:
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            if main([place.name, *arguments, "--out", str(place.folder)]):
                raise EvaluationError(said.getvalue())

    monkeypatch.setattr(ReportPlace, "start", run)


@pytest.mark.slow
@pytest.mark.usefixtures("_in_this_process")
def test_the_button_finds_the_shortcut_and_shows_its_samples(folder: Path) -> None:
    page = opened(PAGE, checkpoint=_NAME, view="Groups")
    assert not page.exception
    page.button(key="find_groups").click().run()
    assert not page.exception
    evaluation = evaluations.find(folder)
    kept = groups.read(evaluation)
    assert kept is not None
    first = kept.groups[0]
    table = pd.read_parquet(evaluation.table).set_index("sample_id")
    is_wrong = table["label"] != table["predicted"]
    assert first.error_inside == pytest.approx(is_wrong[list(first.sample_ids)].mean())
    assert page.button(key="group_name_0").label == as_read(first.name)
    assert shown(page) == list(first.sample_ids)[:48]


@pytest.mark.slow
def test_a_group_of_the_address_is_chosen(folder: Path) -> None:
    evaluation = evaluations.find(folder)
    groups.keep(evaluation, groups.find(evaluation))
    kept = groups.read(evaluation)
    assert kept is not None
    second = kept.groups[1]
    page = opened(PAGE, checkpoint=_NAME, view="Groups", group=second.name)
    assert shown(page) == list(second.sample_ids)[:48]
    assert f"{kept.tried} candidates tested" in captions(page)


@pytest.mark.usefixtures("_in_this_process")
def test_an_evaluation_without_features_says_what_to_do(folder: Path) -> None:
    for name in (paths.FEATURES, paths.PROPERTIES):
        (evaluations.find(folder).folder / name).unlink()
    page = opened(PAGE, checkpoint=_NAME, view="Groups")
    page.button(key="find_groups").click().run()
    assert "evaluate again" in next(as_read(each.value) for each in page.error)


def test_damaged_groups_are_a_message(folder: Path) -> None:
    groups.path_of(evaluations.find(folder)).write_text('{"groups": [{}]}')
    page = opened(PAGE, checkpoint=_NAME, view="Groups")
    assert not page.exception
    assert "find the groups again" in next(as_read(each.value) for each in page.error)
