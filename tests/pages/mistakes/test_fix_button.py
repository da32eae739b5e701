"""The button that fixes a group: it starts a process once, waits for it, and says why it failed."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths
from core.errors import FixError
from core.training.fixes import background
from tests.support.pages.looking import as_read
from tests.support.paths import ROOT

GROUP = "grass behind 5, 6, 7, 8, 9"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The fixes that were started, none of which runs."""
    shutil.copytree(ROOT / "checkpoints" / "shortcut", tmp_path / "shortcut")
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
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


def pressed() -> AppTest:
    page = AppTest.from_function(_page, default_timeout=60).run()
    return page.button(key="fix_one").click().run()


def test_it_starts_the_fix_and_waits_for_it(
    started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "is_under_way", lambda _name: True)
    page = pressed()
    assert started == [
        {
            "of": "shortcut",
            "group": GROUP,
            "by": "head",
            "name": "shortcut-fixed",
            "evaluation": "shortcut-val",
        }
    ]
    assert as_read(page.info[0].value).startswith("**shortcut-fixed** is being made")
    assert [each.key for each in page.button] == ["fix_two"]


def test_a_fix_that_ended_without_a_result_says_why(
    started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "is_under_way", lambda _name: False)
    monkeypatch.setattr(background, "complaint", lambda _name: "the group has 3 samples here, too few")
    page = pressed()
    assert len(started) == 1
    assert [as_read(each.value) for each in page.error] == ["The group has 3 samples here, too few."]
    assert {each.key for each in page.button} == {"fix_one", "fix_two"}


def test_a_fix_that_cannot_start_says_why(
    started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object, **_named: object) -> None:
        raise FixError("'shortcut-fixed' is being made already")

    monkeypatch.setattr(background, "start", refuse)
    page = pressed()
    assert [as_read(each.value) for each in page.error] == ["'shortcut-fixed' is being made already."]
    assert started == []
