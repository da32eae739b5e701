"""The button that fixes a group: it starts a process once, waits for it, and says why it failed."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths
from core.errors import FixError
from core.training.fixes import background
from core.training.fixes.kinds import KINDS
from tests.support.pages.looking import as_read
from tests.support.paths import ROOT

GROUP = "grass behind 5, 6, 7, 8, 9"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The fixes that were started, none of which runs."""
    shutil.copytree(ROOT / "checkpoints" / "shortcut", tmp_path / "shortcut")
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))
    fixes: list[dict[str, Any]] = []
    monkeypatch.setattr(
        background,
        "start",
        lambda folder, group, **rest: fixes.append({"of": folder.name, "group": group} | rest),
    )
    return fixes


def _page() -> None:
    from core.checkpoints import store
    from core.predictions import evaluations
    from pages._ui.mistakes import fixing

    evaluation = evaluations.find(store.find("shortcut"), "shortcut-val")
    fixing.draw(evaluation, "grass behind 5, 6, 7, 8, 9", "one")
    fixing.draw(evaluation, "another group", "two")


def _open_page() -> None:
    """The same with the dialogue open: a test cannot run a dialogue by itself, only the whole page."""
    from core.checkpoints import store
    from core.predictions import evaluations
    from pages._ui.mistakes import fixing

    evaluation = evaluations.find(store.find("shortcut"), "shortcut-val")
    fixing._ask(evaluation, "grass behind 5, 6, 7, 8, 9", "head")
    fixing.draw(evaluation, "grass behind 5, 6, 7, 8, 9", "one")
    fixing.draw(evaluation, "another group", "two")


def pressed(by: str = "head") -> AppTest:
    page = AppTest.from_function(_open_page, default_timeout=60).run()
    page.radio(key="fix_kind").set_value(by)
    return page.button(key="make_fix").click().run()


def test_it_offers_what_is_possible_and_says_why_the_rest_is_not(started: list[dict[str, Any]]) -> None:
    page = AppTest.from_function(_page, default_timeout=60).run()
    page.button(key="fix_one").click().run()
    possible = page.radio(key="fix_kind").options
    assert possible[0] == "Last layer, on balanced data"
    assert set(possible) == {kind.title for by, kind in KINDS.items() if by not in ("corrections", "augment")}
    reasons = [as_read(each.value) for each in page.caption if "**" in each.value]
    assert reasons[0].startswith("**Corrected labels**: no decisions on labels of 'shortcut'")
    assert reasons[1].startswith("**Augmentation like the new photos**: no report on drift of new photos")
    assert started == []


def test_it_starts_the_chosen_fix_and_waits_for_it(
    started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "is_under_way", lambda _name: True)
    page = pressed("blur-background")
    assert started == [
        {
            "of": "shortcut",
            "group": GROUP,
            "by": "blur-background",
            "name": "shortcut-fixed",
            "evaluation": "shortcut-val",
            "corrections": None,
        }
    ]
    assert as_read(page.info[0].value).startswith("**shortcut-fixed** is being made")
    assert "fix_one" not in [each.key for each in page.button]


def test_a_fix_that_ended_without_a_result_says_why(
    started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "is_under_way", lambda _name: False)
    monkeypatch.setattr(background, "complaint", lambda _name: "the group has 3 samples here, too few")
    page = pressed()
    assert len(started) == 1
    assert [as_read(each.value) for each in page.error] == ["The group has 3 samples here, too few."]
    assert {"fix_one", "fix_two"} <= {each.key for each in page.button}


def test_a_fix_that_cannot_start_says_why(
    started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object, **_named: object) -> None:
        raise FixError("'shortcut-fixed' is being made already")

    monkeypatch.setattr(background, "start", refuse)
    page = pressed()
    assert [as_read(each.value) for each in page.error] == ["'shortcut-fixed' is being made already."]
    assert started == []
