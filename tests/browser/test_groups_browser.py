"""Groups of mistakes in a real browser: usable by all, wide and narrow, and one is kept as a test."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from core.checkpoints import paths
from core.predictions import group_tests
from tests.support.pages.accessibility import ALL_RULES, COLOUR_RULES, violations
from tests.support.pages.window import App

_NAME = "shortcut-in-groups"


@pytest.fixture
def _with_groups() -> Iterator[None]:
    """A checkpoint with groups that are its own, for a while."""
    folder = paths.folder(_NAME)
    shutil.copytree(paths.root() / "shortcut", folder)
    yield
    shutil.rmtree(folder)


@pytest.mark.usefixtures("_with_groups")
def test_a_group_is_chosen_and_kept_as_a_test(app: App) -> None:
    page = app.page
    app.open(f"/mistakes?checkpoint={_NAME}&evaluation=shortcut-val&view=Groups")
    second = page.locator(".st-key-group_name_1 button").first
    expect(page.locator(".st-key-group_0")).to_contain_text(
        "98 photos; wrong 34% of the time against 14% elsewhere"
    )
    assert violations(app, ALL_RULES) == []
    page.emulate_media(color_scheme="dark")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(15, 20, 25)")
    app.stand_still()
    assert violations(app, COLOUR_RULES) == []
    second.click()
    expect(page.get_by_role("heading", name="Grass behind 5, 6, 7, 8, 9")).to_be_visible()
    page.get_by_role("button", name="Keep as test").click()
    page.get_by_label("Name", exact=True).fill("digits on grass")
    page.get_by_role("button", name="Keep", exact=True).click()
    kept = page.locator(".st-key-kept_groups")
    expect(kept).to_contain_text("failed: 64% of 103 right (54% to 73%), 87% asked")
    assert [each.name for each in group_tests.read(paths.folder(_NAME))] == ["digits on grass"]
    page.set_viewport_size({"width": 390, "height": 900})
    app.stand_still()
    box = kept.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
