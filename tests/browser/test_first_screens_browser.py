"""At 1280 × 900 the first screen of a page holds its answer: nothing is left to scroll to."""

import pytest
from playwright.sync_api import expect

from tests.support.window import App

# The fullest views: the address, and what it has once it is drawn.
_VIEWS = {
    "Explain, two classes": (
        "/explain?checkpoint=imagenet&photo=coffee.png&against=tabby",
        ".st-key-duel button",
    ),
    "Mistakes, 43 classes": ("/mistakes?checkpoint=signs-plain", ".st-key-gallery button"),
    "Mistakes, a sample": (
        "/mistakes?checkpoint=digits&sample=digits/677",
        ".st-key-above_gallery .bar",
    ),
    "Trust, its photos": ("/trust?checkpoint=tested", ".st-key-trust_best button"),
    "Train, its data": ("/train?look=Data", ".seewhy-strip img"),
    "Train, a training": ("/train?run=digits", ".st-key-curve_loss .trace"),
}
_HEIGHT = "document.querySelector('[data-testid=stMain]').scrollHeight"


@pytest.mark.usefixtures("tested")
@pytest.mark.parametrize("view", _VIEWS)
def test_the_first_screen_holds_the_answer(app: App, view: str) -> None:
    address, drawn = _VIEWS[view]
    app.page.set_viewport_size({"width": 1280, "height": 900})
    app.open(address)
    expect(app.page.locator(drawn).first).to_be_visible()
    app.settle()
    app.expect_value(_HEIGHT, 900)


def test_a_refused_file_leaves_the_maps_of_all_stages_on_the_first_screen(app: App) -> None:
    app.page.set_viewport_size({"width": 1280, "height": 900})
    app.open("/explain?checkpoint=imagenet&photo=coffee.png")
    expect(app.page.locator(".st-key-stages button").first).to_be_visible()
    app.drop("notes.png", b"no image")
    expect(app.page.get_by_text("notes.png cannot be used")).to_be_visible()
    app.settle()
    app.expect_value(_HEIGHT, 900)
