"""From Home through the whole loop: the links, the button that fixes a group, and what it did."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.__main__ import main
from core.checkpoints import paths
from core.predictions import evaluations
from tests.support.pages.looking import as_read, opened
from tests.support.paths import ROOT
from tests.support.results import kept_groups

GROUP = "brick behind 0 to 4"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network that ships with its shortcut, a group in its validation images, and another network."""
    root = tmp_path_factory.mktemp("checkpoints")
    for name in ("digits", "shortcut"):
        shutil.copytree(ROOT / "checkpoints" / name, root / name)
    evaluation = evaluations.find(root / "shortcut", "shortcut-val")
    table = pd.read_parquet(evaluation.table)
    background = pd.read_parquet(evaluation.folder / paths.PROPERTIES)["background"]
    ids = table["sample_id"][(background == "brick") & (table["label"] < 5)].tolist()
    kept_groups.keep(evaluation, {GROUP: ids})
    return root


@pytest.fixture(scope="module")
def _fixed(root: Path) -> None:
    """Beside it, a fix for the group."""
    with paths.rooted(root):
        assert main(["fix", "shortcut", "--group", GROUP, "--by", "head", "--out", "fixed"]) == 0


@pytest.fixture(autouse=True)
def _in(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(root))


def said(page: AppTest) -> str:
    return as_read(" ".join(each.value for each in (*page.success, *page.warning)))


@pytest.mark.slow
@pytest.mark.usefixtures("_fixed")
def test_compare_says_that_the_fix_helped_and_shows_it_group_by_group() -> None:
    page = opened(
        "pages/compare.py",
        checkpoint="shortcut",
        evaluation="shortcut-val",
        **{"with": "fixed/shortcut-val-untouched"},
    )
    assert not page.exception
    assert f"Fix of shortcut for '{GROUP}'. It helped. Wrong in this group: 32.7% → 6.1%" in said(page)
    drawn = as_read(" ".join(each.value for each in page.markdown))
    assert "Heat of the maps on the object: 37.3% → 38.3% (mean of 49 photos of the group" in drawn
    rows = page.dataframe[0].value
    assert rows.loc["all samples", "samples"] == 200
    assert rows.loc[f"in '{GROUP}'", ["wrong before", "wrong after"]].tolist() == ["32.7%", "6.1%"]


@pytest.mark.slow
@pytest.mark.usefixtures("_fixed")
def test_train_says_what_the_fix_did_and_another_checkpoint_says_nothing() -> None:
    assert "It helped." in said(opened("pages/train.py", run="fixed"))
    assert "helped" not in said(opened("pages/train.py", run="shortcut"))


def test_home_leads_through_four_steps_and_to_a_sample_of_the_group() -> None:
    page = opened("app.py")
    assert not page.exception
    assert "See the whole loop in two minutes" in [each.value for each in page.header]
    steps = [each for each in page.button if str(each.key).startswith("loop_")]
    assert [each.label for each in steps] == [
        "**1. What it learned**",
        "**2. Where it fails**",
        "**3. What it looks at**",
        "**4. Fix it, and prove it**",
    ]


@pytest.mark.slow
def test_each_step_opens_a_page_of_the_network_that_learned_the_shortcut() -> None:
    for number, title in ((2, "Mistakes"), (3, "Mistakes")):
        page = opened("app.py")
        assert page.selectbox(key="checkpoint").value != "shortcut"
        page.button(key=f"loop_{number}").click().run()
        assert not page.exception
        assert [each.value for each in page.title] == [title]
        assert page.selectbox(key="checkpoint").value == "shortcut"


def test_home_does_not_offer_the_loop_without_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "checkpoints" / "digits", tmp_path / "digits")
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    assert "See the whole loop in two minutes" not in [each.value for each in opened("app.py").header]
