"""From a cell of the table of methods and layers to its photos, and to Explain, by mouse and by keys."""

import re

from playwright.sync_api import expect

from tests.support.pages.window import App


def test_a_cell_opens_its_photos_and_a_photo_opens_explain(app: App, tested: str) -> None:
    app.open(f"/trust?checkpoint={tested}")
    table = app.page.locator(".st-key-grades")
    table.get_by_role("gridcell", name="LayerCAM at block3").click()
    expect(app.page).to_have_url(re.compile("pair=layer_cam"))
    expect(app.page.get_by_role("heading", name="LayerCAM at block3")).to_be_visible()
    app.settle()  # Until then the photos are those of the pair before.
    photos = app.page.locator(".st-key-trust_worst button")
    expect(photos).to_have_count(3)
    photos.last.click()
    app.page.wait_for_url(re.compile("/explain"))
    expect(app.page.locator(".st-key-viewer .mapped")).to_be_visible()
    app.expect_map("LayerCAM at block3")


def test_arrow_keys_walk_the_table_and_enter_opens_a_cell(app: App, tested: str) -> None:
    app.open(f"/trust?checkpoint={tested}")
    cells = app.page.locator(".st-key-grades button")
    expect(cells).to_have_count(2)
    first, second = (cells.nth(place).get_attribute("aria-label") for place in (0, 1))
    cells.first.focus()
    app.page.keyboard.press("ArrowDown")
    expect(app.page.locator(".st-key-grades .reading")).to_have_text(second or "")
    app.page.keyboard.press("Enter")
    expect(cells.nth(1)).to_have_attribute("aria-selected", "true")
    app.page.keyboard.press("ArrowUp")
    expect(app.page.locator(".st-key-grades .reading")).to_have_text(first or "")
