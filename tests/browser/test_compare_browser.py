"""Compare in a real browser: from a pile to a sample, to the maps of both, and to a colleague by link."""

import os
import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.support.pages.window import App
from tests.support.stored.second_digits import NUM_BROKEN, NUM_FIXED, second_digits


@pytest.fixture(scope="module")
def second() -> Iterator[str]:
    with second_digits(f"test-compare-browser-{os.getpid()}") as name:
        yield name


def pictures(app: App) -> list[str]:
    """What is drawn of the sample: the photo, the maps of the first, the maps of the second."""
    return [
        str(source)
        for key in ("photo", "first", "second")
        for source in app.page.locator(f".st-key-compared_{key} img").evaluate_all(
            "all => all.map((one) => one.src)"
        )
    ]


def test_a_pile_opens_its_samples_and_a_colleague_sees_the_same(
    app: App, second: str, colleague: App
) -> None:
    app.open(f"/compare?checkpoint=digits&with={second}&pile=broken")
    tiles = app.page.locator(".st-key-compare_gallery button")
    expect(tiles).to_have_count(NUM_BROKEN)
    app.page.locator(".st-key-piles [data-pile=fixed]").click()
    expect(tiles).to_have_count(NUM_FIXED)
    expect(app.page.locator(".st-key-piles [data-pile=fixed]")).to_have_attribute("aria-pressed", "true")
    app.settle()
    tiles.nth(1).click()
    expect(app.page.locator(".st-key-compared_second img")).to_have_count(1)
    expect(app.page.locator(".st-key-compared_first img")).to_have_count(2)
    expect(app.page.get_by_text(f"2 of {NUM_FIXED}", exact=True)).to_be_visible()
    app.settle()
    drawn = pictures(app)
    assert len(drawn) == 4

    colleague.follow(app)
    expect(colleague.page.locator(".st-key-compared_second img")).to_have_count(1)
    expect(colleague.page.get_by_text(f"2 of {NUM_FIXED}", exact=True)).to_be_visible()
    colleague.settle()
    assert pictures(colleague) == drawn
    expect(colleague.page.locator(".st-key-second_checkpoint input")).to_have_value(f"{second} on digits-val")


def test_keys_walk_through_the_pile_and_a_button_leads_to_mistakes(app: App, second: str) -> None:
    app.open(f"/compare?checkpoint=digits&with={second}&pile=broken")
    app.page.locator(".st-key-compare_gallery button").first.click()
    expect(app.page.get_by_text(f"1 of {NUM_BROKEN}", exact=True)).to_be_visible()
    app.settle()
    app.page.keyboard.press("ArrowRight")
    expect(app.page.get_by_text(f"2 of {NUM_BROKEN}", exact=True)).to_be_visible()
    app.settle()
    sample = re.search(r"sample=[^&]+", app.page.url)
    assert sample
    app.page.locator(".st-key-compared_open_second button").click()
    expect(app.page.get_by_role("heading", name="Mistakes", exact=True)).to_be_visible()
    expect(app.page).to_have_url(re.compile(f"checkpoint={second}.*{re.escape(sample[0])}"))
    expect(app.page.locator(".st-key-four img")).to_have_count(4)


def test_a_cell_and_a_class_lead_to_their_samples(app: App, second: str) -> None:
    app.open(f"/compare?checkpoint=digits&with={second}&tab=Matrices")
    cell = app.page.locator(".st-key-matrix_change .wrong").first
    cell.scroll_into_view_if_needed()
    cell.click()
    expect(app.page.locator(".st-key-compare_gallery button").first).to_be_visible()
    expect(app.page).to_have_url(re.compile("of_class="))
    app.open(f"/compare?checkpoint=digits&with={second}&tab=Classes")
    table = app.page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    app.page.mouse.click(box["x"] + 18, box["y"] + 35 * 1.5)  # The box of the first row.
    expect(app.page.locator(".st-key-compare_gallery button").first).to_be_visible()
    expect(app.page).to_have_url(re.compile("pile=all.*of_class=|of_class=.*pile=all"))


def test_nothing_sticks_out_of_the_window(app: App, second: str) -> None:
    app.resize(800)
    app.open(f"/compare?checkpoint=digits&with={second}")
    expect(app.page.get_by_role("heading", level=2).first).to_be_visible()
    for tab in ("Samples", "Matrices", "Classes"):
        app.show(tab)
        for width in (800, 1280):
            app.resize(width)
            app.expect_fit(width)


def test_keys_alone_lead_from_a_pile_to_a_sample_and_to_the_next(app: App, second: str) -> None:
    app.open(f"/compare?checkpoint=digits&with={second}&pile=fixed")
    expect(app.page.locator(".st-key-compare_gallery button")).to_have_count(NUM_FIXED)
    app.tab_to("piles")
    app.page.keyboard.press("Tab")
    app.expect_focus(key="piles")
    app.page.keyboard.press("Enter")
    expect(app.page.locator(".st-key-compare_gallery button")).to_have_count(NUM_BROKEN)
    app.settle()
    app.tab_to("compare_gallery")
    app.page.keyboard.press("ArrowRight")
    app.expect_focus(key="compare_gallery", outline=3)
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_text(f"2 of {NUM_BROKEN}", exact=True)).to_be_visible()
    app.settle()
    app.expect_focus(key="compared_photo")
    app.page.keyboard.press("ArrowRight")
    expect(app.page.get_by_text(f"3 of {NUM_BROKEN}", exact=True)).to_be_visible()
    app.settle()
    third = re.search(r"sample=([^&]+)", app.page.url)
    assert third
    app.page.keyboard.press("Escape")
    expect(app.page.locator(".st-key-compared")).to_have_count(0)
    app.expect_focus(key="compare_gallery", name=unquote(third[1]), outline=3)
