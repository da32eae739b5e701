"""Groups kept as tests: kept, changed and deleted on Mistakes, and compared row by row on Compare."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from core.checkpoints import paths
from core.predictions import evaluations, group_tests
from tests.support.pages.looking import as_read, captions, opened
from tests.support.pages.mistakes_page import PAGE, shown
from tests.support.paths import ROOT

_NAME, _GROUP = "shortcut", "brick behind 0, 1, 2, 3, 4"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkpoint that learned a shortcut with its groups, in a folder of its own."""
    shutil.copytree(ROOT / "checkpoints" / _NAME, tmp_path / _NAME)
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    return tmp_path / _NAME


@pytest.mark.slow
def test_a_group_is_kept_changed_and_deleted(folder: Path) -> None:
    page = opened(PAGE, checkpoint=_NAME, evaluation="shortcut-val", view="Groups")
    page.text_input(key=f"name_shortcut-val_{_GROUP}").set_value("on brick")
    page.number_input(key=f"least_shortcut-val_{_GROUP}").set_value(60)
    page.button(key="keep_group_sure").click().run()
    assert not page.exception
    assert page.button(key="kept_0").label == "on brick"
    assert "**passed**: 66% of 98 right (57% to 75%), 60% asked" in [
        as_read(each.value) for each in page.markdown
    ]
    page.number_input(key="least_kept_on brick").set_value(80)
    page.text_input(key="name_kept_on brick").set_value(_GROUP)
    page.button(key="kept_save_0").click().run()
    assert [(each.name, each.percent) for each in group_tests.read(folder)] == [(_GROUP, 80)]
    assert "**Kept as tests**: 0 of 1 kept groups passed." in [as_read(each.value) for each in page.markdown]
    page.text_input(key=f"name_shortcut-val_{_GROUP}").set_value(_GROUP)
    page.button(key="keep_group_sure").click().run()
    assert "kept as" in as_read(page.error[0].value)
    page.button(key="kept_drop_0").click().run()
    assert group_tests.read(folder) == ()
    assert not page.exception


def test_an_evaluation_without_groups_shows_the_samples_of_a_test_mistakes_first(folder: Path) -> None:
    group_tests.keep(evaluations.find(folder, "shortcut-val"), _GROUP, percent=90)
    other = evaluations.find(folder, "shortcut-test")
    (other.folder / paths.GROUPS).unlink()
    table = pd.read_parquet(other.table).set_index("sample_id")
    page = opened(PAGE, checkpoint=_NAME, evaluation=other.name, view="Groups")
    is_right = [table.loc[each, "label"] == table.loc[each, "predicted"] for each in shown(page)]
    assert is_right == sorted(is_right)
    assert not is_right[0]
    assert [each.label for each in page.button if each.key == "find_groups"] == ["Find groups"]


def test_compare_shows_each_test_before_and_after(folder: Path) -> None:
    evaluation = evaluations.find(folder, "shortcut-val")
    (test,) = [group_tests.keep(evaluation, _GROUP, percent=90)]
    better = folder.with_name("better")
    shutil.copytree(folder, better)
    place = evaluations.find(better, "shortcut-val").table
    table = pd.read_parquet(place)
    table.loc[table["sample_id"].isin(test.sample_ids), "predicted"] = table["label"]
    table.to_parquet(place)
    address = {"checkpoint": _NAME, "evaluation": evaluation.name, "with": f"better/{evaluation.name}"}
    page = opened("pages/compare.py", **address, tab="Groups")
    assert not page.exception
    assert captions(page).startswith("Kept groups passed: 0 of 1 before, 1 of 1 after.")
    row = page.dataframe[0].value.iloc[0]
    assert (row["group"], row["samples"], row["passed"]) == (_GROUP, 98, "failed → passed")
    assert (row["before"], row["after"]) == (pytest.approx(66.3, abs=0.05), 100)
