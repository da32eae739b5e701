"""The page Trust in a real browser: a process of its own tests maps, then their report is shown."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from core.checkpoints import paths
from core.trust.report import reading
from tests.support.pages.accessibility import ALL_RULES, COLOUR_RULES, violations
from tests.support.pages.window import App


@pytest.fixture
def name() -> Iterator[str]:
    """A copy of ``digits`` whose maps have not been tested."""
    folder = paths.root() / f"test-trust-browser-{os.getpid()}"
    shutil.copytree(paths.root() / "digits", folder, ignore=shutil.ignore_patterns("trust*"))
    yield folder.name
    shutil.rmtree(folder)


def test_maps_are_tested_on_three_photos_and_the_report_appears(app: App, name: str) -> None:
    app.open(f"/trust?checkpoint={name}")
    app.page.get_by_label("Photos", exact=True).fill("3")
    assert violations(app, ALL_RULES) == []
    app.page.get_by_role("button", name="Test maps").click()
    expect(app.page.locator(".st-key-grades button").first).to_be_visible(timeout=90_000)
    report = reading.known(paths.root() / name).report
    assert report is not None
    assert report.photos.number == 3
    app.page.locator(".st-key-trust_again button").click()
    dialogue = app.page.get_by_role("dialog")
    expect(dialogue.get_by_role("button", name="Test maps")).to_be_visible()
    app.stand_still()
    assert violations(app, ALL_RULES) == []
    app.page.emulate_media(color_scheme="dark")
    expect(app.page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(15, 20, 25)")
    assert violations(app, COLOUR_RULES) == []
