"""The command ``groups``: its file, what it prints, and an evaluation in which nothing can be found."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from core.__main__ import main
from core.checkpoints import paths
from core.predictions import evaluations, groups
from tests.support.paths import ROOT

_NAME = "shortcut"
_SHIPPED = ROOT / "checkpoints" / _NAME / "evaluations" / "shortcut-val"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkpoint that learned a shortcut, in a folder of its own, without groups."""
    shipped = ROOT / "checkpoints" / _NAME
    shutil.copytree(shipped, tmp_path / "root" / _NAME, ignore=shutil.ignore_patterns(paths.GROUPS))
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path / "root"))
    return tmp_path / "root" / _NAME


@pytest.mark.slow
def test_the_background_is_the_first_group_and_its_numbers_are_those_of_the_table(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["groups", _NAME, "--evaluation", "shortcut-val", "--out", str(tmp_path / "out")]) == 0
    written = json.loads((tmp_path / "out" / "groups.json").read_text())
    first = written["groups"][0]
    assert capsys.readouterr().out.startswith(f"{first['name']}: {first['size']} samples, wrong ")
    evaluation = evaluations.find(folder, "shortcut-val")
    assert json.loads((evaluation.folder / paths.GROUPS).read_text()) == written
    table = pd.read_parquet(evaluation.table).set_index("sample_id")
    known = pd.read_parquet(evaluation.folder / paths.PROPERTIES).set_index("sample_id")
    is_wrong, inside = table["label"] != table["predicted"], table.index.isin(first["sample_ids"])
    assert first["size"] == len(first["sample_ids"]) == inside.sum()
    assert first["error_inside"] == pytest.approx(is_wrong[inside].mean())
    assert first["error_outside"] == pytest.approx(is_wrong[~inside].mean())
    assert known.loc[first["sample_ids"], "background"].nunique() == 1
    assert first["conditions"] == [{"column": "background", "value": "brick"}]


def test_an_evaluation_without_features_and_properties_says_what_to_do(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (paths.FEATURES, paths.PROPERTIES):
        (folder / "evaluations" / "shortcut-val" / name).unlink()
    assert main(["groups", _NAME, "--evaluation", "shortcut-val", "--out", str(tmp_path / "out")]) == 1
    assert "neither features nor properties" in capsys.readouterr().err
    assert not (tmp_path / "out" / paths.GROUPS).exists()


def test_a_kept_group_is_scored_in_other_evaluations_until_it_is_dropped(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    groups.keep(evaluations.find(folder, "shortcut-val"), (_SHIPPED / paths.GROUPS).read_bytes())
    kept = ["--keep", "brick behind 0, 1, 2, 3, 4", "--as", "on brick", "--at-least", "60"]
    assert main(["groups", _NAME, *kept]) == 0
    assert main(["groups", _NAME, "--kept", "--evaluation", "shortcut-test"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("on brick: 66.3% of 98 samples right, 95% interval 56.5% to 74.9%;")
    assert printed[0].endswith("at least 60% asked: passed")
    assert printed[3] == "1 of 1 kept groups passed in shortcut-test"
    assert main(["groups", _NAME, "--drop", "on brick"]) == 0
    assert capsys.readouterr().out == "0 of 0 kept groups passed in shortcut-val\n"


def test_without_anything_to_do_it_says_what_can_be_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["groups", folder.name]) == 1
    assert "--out DIR to search groups" in capsys.readouterr().err
