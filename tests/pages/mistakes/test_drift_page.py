"""Drift: the reports that the commands make, as the page shows them; its own process makes the same."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.checkpoints import store
from core.data.sources import catalogue
from core.mistakes import reports
from core.mistakes.reports import DRIFT, STRESS, ReportPlace
from core.predictions import evaluations
from tests.support.pages.looking import as_read, captions, components, opened
from tests.support.pages.mistakes_page import PAGE

VIEW = {"checkpoint": "digits", "view": "Drift"}


def _place(name: str) -> ReportPlace:
    return reports.kept(evaluations.find(store.find("digits"), "digits-val"), name)


def _tiles(page: Any, label: str) -> list[dict[str, Any]]:  # noqa: ANN401 (a page)
    return [item for data in components(page) if data.get("label") == label for item in data["items"]]


@pytest.fixture
def dim(tmp_path: Path) -> Path:
    """Thirty dim digits, without labels."""
    images, folder = catalogue.load("digits"), tmp_path / "dim"
    folder.mkdir()
    for row in range(30):
        pixels = np.asarray(images.image(row), np.float32) * 0.5
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{row:02}.png")
    return folder


def test_without_a_report_the_page_asks_for_a_folder() -> None:
    page = opened(PAGE, **VIEW)
    assert not page.exception
    assert [each.label for each in page.text_input] == ["Folder of new photos", "Metadata file in it"]
    assert not page.warning


@pytest.mark.slow
def test_drift_is_shown_with_its_probability_and_the_strangest_photos(dim: Path) -> None:
    place = _place(DRIFT)
    command = ["drift", "digits", "--device", "cpu", "--data", str(dim), "--out", str(place.folder)]
    assert main([*command, "--evaluation", "digits-val"]) == 0
    report = place.read()
    assert report is not None
    page = opened(PAGE, **VIEW)
    assert [as_read(each.value) for each in page.warning] == [report["sentence"]]
    tiles = _tiles(page, "Strangest new photos")
    assert [each["caption"] for each in tiles] == [each["cause"] for each in report["strangest"]]
    assert {each["id"] for each in tiles} == {path.name for path in dim.iterdir()}
    shown = page.dataframe[0].value
    assert shown["p"].tolist() == [each["p_adjusted"] for each in report["tests"]]


@pytest.mark.slow
def test_the_samples_that_flip_at_a_step_are_shown() -> None:
    place = _place(STRESS)
    command = ["stress", "digits", "--device", "cpu", "--samples", "30", "--out", str(place.folder)]
    assert main([*command, "--evaluation", "digits-val"]) == 0
    report = place.read()
    assert report is not None
    page = opened(PAGE, **VIEW, drift="Stress test")
    assert "30 samples; " in captions(page)
    drawn = json.loads(page.get("plotly_chart")[0].proto.spec)["data"]
    steps = {name: kind["steps"] for name, kind in report["kinds"].items()}
    curves = {(each["customdata"][0][0], each.get("name")): each["y"] for each in drawn}
    weakest = page.multiselect[0].value[0]
    assert curves["blur", "all samples"] == [each["accuracy"] for each in steps["blur"]]
    assert curves["blur", weakest] == [each["per_class"][weakest] for each in steps["blur"]]
    means = {
        name: np.mean([each["per_class"][name] for of in steps.values() for each in of])
        for name in steps["blur"][0]["per_class"]
    }
    assert means[weakest] == min(means.values())
    page.selectbox(key="stress_kind").select("rotation").run()
    page.selectbox(key="stress_step").select_index(3).run()
    flipped = report["kinds"]["rotation"]["steps"][3]["flipped"]
    assert flipped
    assert sorted(each["id"] for each in _tiles(page, "Samples that flip")) == sorted(flipped)
    page.session_state["stress_sample"] = flipped[0]
    page.run()
    assert not page.exception
    shown = next(data["items"] for data in components(page) if data.get("hint"))
    label, predicted = shown[1]["title"], shown[3]["title"]
    assert [each["title"] for each in shown] == ["As it is", label, "Worse", predicted]
    assert label != predicted


def test_visitors_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEWHY_VISITORS", "yes")
    page = opened(PAGE, **VIEW)
    assert not page.exception
    assert not [each for each in page.text_input if each.key == "drift_folder"]
