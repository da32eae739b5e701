"""Writes the pictures that the README shows: ``pytest tests/browser/readme_pictures.py``."""

import shutil
from pathlib import Path

from playwright.sync_api import expect

from core.checkpoints import paths
from tests.support.pages.window import App
from tests.support.paths import ROOT

_FOLDER = Path(__file__).parent


def test_explain(app: App, coffee: bytes) -> None:
    app.resize(1280)
    app.open()
    app.drop("coffee.png", coffee)
    app.heat()
    app.page.get_by_role("button", name="Can this map be believed?").click()
    expect(app.page.locator(".st-key-trust_line_map")).to_be_visible(timeout=60_000)
    save(app, "explain.png")


def test_inside(app: App) -> None:
    app.resize(1280)
    app.open("/inside?photo=chelsea.png&layer=blocks.4&sort=class&channel=102&ascent=robust")
    expect(app.page.locator(".st-key-ascent_image img")).to_be_visible(timeout=60_000)
    expect(app.page.locator(".seewhy-nine img")).to_have_count(5)
    expect(app.page.locator(".st-key-network .head").last).to_contain_text("sees the whole image")
    save(app, "inside.png")


def test_trust(app: App, checkpoints: Path) -> None:
    """Of the digits, whose images are part of scikit-learn."""
    for name in (paths.TRUST, paths.TRUST_TABLE):
        shutil.copy(ROOT / "checkpoints" / "digits" / name, checkpoints / "digits" / name)
    app.resize(1280)
    app.open("/trust?checkpoint=digits")
    expect(app.page.locator(".st-key-trust_worst img")).to_have_count(3)
    save(app, "trust.png")


def save(app: App, name: str) -> None:
    """Write a picture of the window, once nothing in it moves."""
    app.stand_still()
    app.page.screenshot(path=_FOLDER / name)
