"""Evaluations in a real browser: on a folder, beside the first, in two clicks, and gone again."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.checkpoints import store
from core.data.sources import catalogue
from core.predictions import evaluations
from tests.support.pages.window import App
from tests.support.stored.two_evaluations import OWN, STREET, two_evaluations


@pytest.fixture
def name() -> Iterator[str]:
    with two_evaluations(f"test-evaluations-browser-{os.getpid()}") as made:
        yield made


@pytest.fixture
def beach(tmp_path: Path) -> Path:
    """Ten digits, a folder for each class."""
    images = catalogue.load("digits")
    for index in range(10):
        target = tmp_path / "beach" / str(images.labels[index]) / f"{index}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        images.image(index).save(target)
    return tmp_path / "beach"


def test_a_folder_is_evaluated_on_and_then_looked_at(app: App, name: str, beach: Path) -> None:
    app.open(f"/mistakes?checkpoint={name}")
    app.page.locator(".st-key-evaluate_now button").click()
    app.page.get_by_label("Folder of the images").fill(str(beach))
    app.page.get_by_role("button", name="Evaluate", exact=True).click()
    expect(app.page).to_have_url(re.compile("evaluation=beach-val"), timeout=90_000)
    expect(app.page.get_by_text("10 images of beach, validation")).to_be_visible()
    found = [each.name for each in evaluations.every(store.find(name))]
    assert sorted(found) == ["beach-val", OWN, STREET]


def test_two_clicks_lead_to_the_story_of_both_data_sets(app: App, name: str) -> None:
    app.open(f"/mistakes?checkpoint={name}")
    app.page.locator(".st-key-compare_with button").first.click()
    app.page.get_by_role("button", name=STREET, exact=True).click()
    expect(app.page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(
        app.page.get_by_role("heading", name=re.compile("is right on .* images of digits-val"))
    ).to_be_visible()
    expect(app.page).to_have_url(re.compile(f"evaluation={OWN}.*with={name}(/|%2F){STREET}"))
    app.settle()
    app.page.get_by_role("link", name="Mistakes").click()
    expect(app.page).to_have_url(re.compile(f"evaluation={OWN}"))


def test_deleting_asks_and_then_deletes(app: App, name: str) -> None:
    app.open(f"/mistakes?checkpoint={name}&evaluation={STREET}")
    app.page.locator(".st-key-evaluation_delete button").first.click()
    dialogue = app.page.get_by_role("dialog")
    expect(dialogue.get_by_text("120 images of street")).to_be_visible()
    dialogue.get_by_role("button", name="Delete it").click()
    expect(dialogue).to_have_count(0)
    expect(app.page).to_have_url(re.compile(f"evaluation={OWN}"))
    assert [each.name for each in evaluations.every(store.find(name))] == [OWN]


def test_nothing_sticks_out_of_the_window(app: App, name: str) -> None:
    app.resize(390)
    app.open(f"/compare?checkpoint={name}&with={name}/{STREET}")
    expect(app.page.get_by_role("heading", level=2).first).to_be_visible()
    for show in ("Classes", "Calibration", "Matrices", "Samples"):
        app.show(show)
        for width in (390, 800, 1280):
            app.resize(width)
            app.expect_fit(width)
