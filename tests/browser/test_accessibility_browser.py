"""Every page is usable by all: axe finds nothing, the first screen has the answer, and keys alone suffice."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from pages._ui.shell import PAGES
from tests.support.pages.accessibility import ALL_RULES, COLOUR_RULES, violations
from tests.support.pages.window import FULL_HEIGHT, App

# The address of a view, and what it has once it is drawn.
_VIEWS = {
    "Home": ("/", ".st-key-samples button"),
    "Explain, no photo": ("/explain", ".st-key-samples button"),
    "Explain, a sample": ("/explain?checkpoint=imagenet&photo=coffee.png", ".st-key-stages button"),
    "Explain, two classes": (
        "/explain?checkpoint=imagenet&photo=chelsea.png&against=tabby",
        ".st-key-duel button",
    ),
    "Explain, an image of an evaluation": (
        "/explain?checkpoint=digits&photo=digits/digits-val/digits/677",
        ".st-key-stages button",
    ),
    "Trust": ("/trust?checkpoint=tested", ".st-key-grades button"),
    "Trust, all pairs": ("/trust?checkpoint=tested&trust_view=All+pairs", ".st-key-trust_sanity .trace"),
    "Train": ("/train", ".st-key-train_start button"),
    "Train, its data": ("/train?look=Data", ".seewhy-strip img"),
    "Train, an experiment": ("/train?look=Experiment", ".st-key-experiment_start button"),
    "Train, a training": ("/train?run=digits", ".st-key-curve_loss .trace"),
    "Mistakes": ("/mistakes?checkpoint=signs-plain&cells=%25+of+predicted", ".st-key-gallery button"),
    "Mistakes, a sample": (
        "/mistakes?checkpoint=digits&true=8&pred=1&sample=digits/677",
        ".stBidiComponent .panes",
    ),
    "Compare": ("/compare?checkpoint=signs-bn", ".st-key-compare_gallery button"),
    "Compare, matrices": ("/compare?checkpoint=signs-bn&tab=Matrices", ".st-key-matrix_change button"),
    "Inside, a photo": ("/inside?checkpoint=digits&photo=coffee.png", ".st-key-channels button"),
    "Inside, a channel": (
        "/inside?checkpoint=signs-bn&photo=coffee.png&channel=3",
        ".st-key-viewer .mapped",
    ),
    "Inside, an image of its data": (
        "/inside?checkpoint=digits&photo=digits/digits-val/digits/677&layer=block2&show=ascent",
        ".seewhy-nine img",
    ),
    "Inside, a class": ("/inside?checkpoint=digits&open=class+image", ".st-key-class_image img"),
    "Inside, sparsity": ("/inside?checkpoint=signs-bn&open=sparsity", ".st-key-sparsity .plot button"),
}
# The fullest views whose first screen, at 1280 × 900, holds the answer: nothing is left to scroll to.
_ONE_SCREEN = {
    "Explain, two classes", "Trust", "Train, its data", "Train, a training", "Mistakes", "Mistakes, a sample",
}  # fmt: skip


def test_every_page_is_among_the_views() -> None:
    paths = {urlsplit(address).path for address, _ in _VIEWS.values()}
    assert paths == {"/", *(f"/{Path(page).stem}" for page in list(PAGES)[1:])}


@pytest.mark.usefixtures("tested")
@pytest.mark.parametrize("view", _VIEWS)
def test_axe_finds_nothing_critical_or_serious_and_the_first_screen_holds_the_answer(
    app: App, view: str
) -> None:
    """In both colour schemes; nor does the page show an error, or load what its security policy refuses."""
    address, drawn = _VIEWS[view]
    app.page.set_viewport_size({"width": 1280, "height": 900})
    app.open(address)
    expect(app.page.locator(drawn).first).to_be_visible()
    app.settle()
    expect(app.page.get_by_role("heading", level=1)).to_be_visible()
    expect(app.page.get_by_test_id("stAlertContentError")).to_have_count(0)
    if view in _ONE_SCREEN:
        app.expect_value(FULL_HEIGHT, 900)
    assert violations(app, ALL_RULES) == []
    app.page.emulate_media(color_scheme="dark")
    expect(app.page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(15, 20, 25)")
    assert violations(app, COLOUR_RULES) == []


def test_a_refused_file_leaves_the_maps_of_all_stages_on_the_first_screen(app: App) -> None:
    app.page.set_viewport_size({"width": 1280, "height": 900})
    app.open("/explain?checkpoint=imagenet&photo=coffee.png")
    expect(app.page.locator(".st-key-stages button").first).to_be_visible()
    app.drop("notes.png", b"no image")
    expect(app.page.get_by_text("notes.png cannot be used")).to_be_visible()
    app.settle()
    app.expect_value(FULL_HEIGHT, 900)


def test_keys_alone_lead_from_a_photo_to_a_class_and_a_layer(app: App) -> None:
    app.open("/explain?checkpoint=imagenet")
    expect(app.page.locator(".st-key-samples button").first).to_be_visible()
    app.tab_to(text="Cat")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name="Why tiger cat?")).to_be_visible()
    expect(app.page.locator(".st-key-stages button").first).to_be_visible()
    app.settle()
    app.tab_to(text="Egyptian cat")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name="Why Egyptian cat?")).to_be_visible()
    app.settle()
    app.expect_focus(text="Egyptian cat")  # The new picture did not take it away.
    app.tab_to(text="blocks.4")
    app.page.keyboard.press("Space")
    app.expect_map("Grad-CAM at blocks.4")
    app.settle()
    app.expect_focus(text="blocks.4")


def test_arrow_keys_read_a_map_from_its_highest_cell_on(app: App) -> None:
    app.open("/explain?checkpoint=digits&photo=digits/digits-val/digits/677")
    pane, reading = (app.page.locator(f".st-key-viewer {part}") for part in (".mapped", ".reading"))
    expect(pane).to_have_attribute("aria-label", "Map of 3 × 3 cells: arrow keys read them")
    pane.press("ArrowRight")
    top = float(app.page.locator(".st-key-viewer .high").inner_text())
    first = reading.inner_text()
    assert float(first.split()[0]) == pytest.approx(top, rel=0.05)
    expect(reading).to_have_attribute("aria-live", "polite")
    row = int(first.split("row ")[1].split(",")[0])
    for _ in range(3):
        pane.press("ArrowLeft")
    expect(reading).to_contain_text(f"row {row}, column 1 of 3 × 3 cells")
