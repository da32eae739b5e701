"""The button that measures objects is offered once, and only where masks mark them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths, store
from core.mistakes import reports
from core.mistakes.reports import OBJECTS, ReportPlace
from core.predictions import evaluations, properties
from tests.support.pages.looking import captions
from tests.support.paths import ROOT


@pytest.fixture(autouse=True)
def _shortcut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the shipped checkpoint, and a cache of its own."""
    shutil.copytree(ROOT / "checkpoints" / "shortcut", tmp_path / "shortcut")
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))


def _page() -> None:
    from core.checkpoints import store
    from core.mistakes import results
    from pages._ui.mistakes import objects
    from pages._ui.session.data import image_access

    found = results.read(store.find("shortcut"), evaluation="shortcut-val")
    objects.draw(found, image_access.pictures(found.evaluation))


def test_it_starts_the_command_on_the_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(ReportPlace, "start", lambda _place, *arguments: started.append(arguments))
    page = AppTest.from_function(_page, default_timeout=60).run()
    page.button(key="measure_objects").click().run()
    assert not page.exception
    assert started == [("shortcut", "--evaluation", "shortcut-val")]


def test_what_was_measured_replaces_the_button() -> None:
    evaluation = evaluations.find(store.find("shortcut"), "shortcut-val")
    known = properties.read(evaluation)
    assert known is not None
    properties.add(evaluation, {name: np.full(len(known), 0.5) for name in properties.OBJECTS})
    place = reports.kept(evaluation, OBJECTS)
    content = {"num_images": len(known), "heat_where_right": 0.38, "heat_where_wrong": 0.25}
    with place.held():
        place.write(json.dumps(content).encode())
    page = AppTest.from_function(_page, default_timeout=60).run()
    assert not page.button
    assert "38% where the prediction is right, 25% where it is wrong (400 samples with a mask)" in captions(
        page
    )
