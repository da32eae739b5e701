"""Looking inside in a real browser: a layer, its channels, one of them; and the address that leads back."""

import io
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.drawing.channel_grid import poster_layout
from core.inside.examples import patches
from tests.support.pages.window import App

GRID = ".st-key-channels .cell"
_MAIN = "document.querySelector('[data-testid=stMain]')"


def order(page: Page) -> list[str]:
    """The channels of the grid, as they stand, once there are any."""
    expect(page.locator(GRID).first).to_be_visible()
    return [text.split()[0] for text in page.locator(GRID).all_inner_texts()]


def card(page: Page) -> list[str]:
    """The title of the open channel, and its numbers."""
    shown = page.locator(".st-key-channel_card")
    expect(shown.locator(".seewhy-facts b")).to_have_count(5)
    return [
        shown.get_by_role("heading").first.inner_text(),
        *shown.locator(".seewhy-facts b").all_inner_texts(),
    ]


def chosen(page: Page) -> str:
    return str(page.locator(f"{GRID}[aria-pressed=true]").inner_text()).split()[0]


def address_of(app: App) -> dict[str, str]:
    """What the address says."""
    return dict(parse_qsl(urlsplit(app.page.url).query))


def look_at(app: App, stage: str) -> None:
    app.page.locator(".st-key-network .head", has_text=stage).click()
    expect(app.page.get_by_role("heading", name=re.compile(f"^{re.escape(stage)}: "))).to_be_visible()
    app.settle()


def test_a_layer_a_channel_and_the_same_again_by_its_address(app: App, colleague: App) -> None:
    app.open("/inside?checkpoint=digits")
    look_at(app, "block2")
    expect(app.page.locator(GRID)).to_have_count(64)
    number = order(app.page)[11]
    app.page.locator(GRID).nth(11).click()
    expect(app.page.get_by_role("heading", name=f"Channel {number}", exact=True)).to_be_visible()
    app.settle()
    assert chosen(app.page) == number
    assert address_of(app) == {"checkpoint": "digits", "layer": "block2", "channel": number}

    colleague.follow(app)
    assert order(colleague.page) == order(app.page)
    assert chosen(colleague.page) == number
    assert card(colleague.page) == card(app.page)
    assert colleague.heat() == app.heat()


def test_order_class_and_page_are_in_the_address_too(app: App) -> None:
    app.open("/inside?checkpoint=digits&layer=block2&sort=class&class=3&part=2&channel=5")
    expect(app.page.locator(".st-key-channel_card")).to_contain_text("of 128 by class")
    expect(app.page.locator(".st-key-channel_card")).to_contain_text("Contribution to 3")
    second = order(app.page)
    app.page.locator(".st-key-part").get_by_text("1", exact=True).first.click()
    expect(app.page.locator(GRID).first).not_to_contain_text(re.compile(rf"^{second[0]}\b"))
    app.settle()
    assert not set(order(app.page)) & set(second)
    chosen_now = {"layer": "block2", "sort": "class", "class": "3", "channel": "5"}
    assert address_of(app) == {"checkpoint": "digits", **chosen_now}


def test_keys_move_through_the_grid_and_keep_their_place(app: App) -> None:
    app.open("/inside?checkpoint=digits&layer=block2&sort=index")
    app.page.locator(GRID).first.click()
    app.settle()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        app.page.keyboard.press(key)
    expect(app.page.get_by_role("heading", name="Channel 8", exact=True)).to_be_visible()
    app.settle()
    app.page.keyboard.press("ArrowLeft")
    expect(app.page.locator(".st-key-channels .reading")).to_contain_text("hannel 7")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name="Channel 7", exact=True)).to_be_visible()


def test_a_channel_in_the_overview_opens_it_beside_its_layer(app: App) -> None:
    app.open("/inside?open=sparsity")
    expect(app.page.locator(".st-key-network .head").last).to_contain_text("sees the whole image")
    stage = app.page.locator(".st-key-network .stage", has_text="blocks.2")
    name = str(stage.locator(".cell").nth(2).get_attribute("aria-label"))
    stage.locator(".cell").nth(2).click()
    title = f"Channel {name.rsplit(maxsplit=1)[-1]}"
    expect(app.page.get_by_role("heading", name=title, exact=True)).to_be_in_viewport()
    expect(app.page.get_by_role("heading", name="blocks.2: 40 channels of 28 × 28")).to_be_in_viewport()


def test_the_layer_stays_in_the_address_from_view_to_view_and_after_a_reload(app: App) -> None:
    app.open("/inside?checkpoint=digits&photo=coffee.png&layer=block2")
    for view in ("class image", "sparsity"):
        app.page.get_by_role("radio", name=view).click()
        expect(app.page).to_have_url(re.compile(r"layer=block2&open=" + view.replace(" ", r"\+")))
        app.page.reload()
        app.settle()
        expect(app.page).to_have_url(re.compile("layer=block2"))
    app.page.get_by_role("radio", name="channels").click()
    expect(app.page.get_by_role("heading", name="block2: 128 channels of 11 × 11")).to_be_visible()


def test_at_1280_by_900_no_view_scrolls_and_the_overview_stays(app: App) -> None:
    app.page.set_viewport_size({"width": 1280, "height": 900})
    app.open("/inside?layer=bn2")
    for view in ("channels", "class image", "sparsity"):
        app.show(view)
        app.expect_value(f"{_MAIN}.scrollHeight - {_MAIN}.clientHeight", 0)
        expect(app.page.get_by_role("heading", name="The network")).to_be_in_viewport()


def test_at_720_nothing_is_wider_than_the_window(app: App) -> None:
    app.page.set_viewport_size({"width": 720, "height": 900})
    app.open("/inside?layer=bn2")
    app.expect_value(f"{_MAIN}.scrollWidth - {_MAIN}.clientWidth", 0)
    box = "document.querySelector('.st-key-channels_box')"
    app.expect_value(f"{box}.scrollHeight > {box}.clientHeight && {box}.clientHeight < 450", expected=True)


def test_the_open_channel_is_in_the_box_of_tiles_wherever_it_stands(app: App) -> None:
    app.page.set_viewport_size({"width": 1280, "height": 900})
    app.open("/inside?checkpoint=digits&layer=block2&sort=index&channel=63")
    tile = app.page.locator(f"{GRID}[aria-pressed=true]")
    expect(tile).to_have_text(re.compile("^63"))
    expect(tile).to_be_in_viewport(ratio=1)
    app.page.get_by_role("button", name="Next", exact=True).click()
    expect(tile).to_have_text(re.compile("^64"))
    expect(tile).to_be_in_viewport(ratio=1)


def test_keys_alone_lead_from_a_photo_to_a_layer_a_channel_and_the_next(app: App) -> None:
    app.open("/inside?checkpoint=signs-bn&sort=index")
    before = app.heat()
    app.tab_to(text="Coffee")
    app.page.keyboard.press("Enter")
    app.heat_other_than(before)
    app.settle()
    app.tab_to(text="block1")
    for _ in range(2):
        app.page.keyboard.press("ArrowRight")
    app.expect_focus(text="block3")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name="block3.norm: 128 channels of 8 × 8")).to_be_visible()
    app.settle()
    app.tab_to(text="0")
    app.page.keyboard.press("ArrowRight")
    app.page.keyboard.press("Space")
    expect(app.page.get_by_role("heading", name="Channel 1", exact=True)).to_be_visible()
    app.settle()
    app.tab_to(text="Next")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name="Channel 2", exact=True)).to_be_visible()
    app.settle()
    there = {"photo": "coffee.png", "layer": "block3.norm", "sort": "index", "channel": "2"}
    assert address_of(app) == {"checkpoint": "signs-bn", **there}


def test_on_a_narrow_window_a_click_brings_the_channel_into_view(app: App) -> None:
    app.page.set_viewport_size({"width": 600, "height": 800})
    app.open("/inside?checkpoint=digits&layer=block2&sort=index")
    app.page.locator(GRID).nth(3).click()
    expect(app.page.get_by_role("heading", name="Channel 3", exact=True)).to_be_in_viewport()


def test_the_sparsest_layers_are_a_click_away(app: App) -> None:
    app.open("/inside?checkpoint=signs-plain&open=sparsity")
    dots = app.page.locator(".st-key-sparsity .plot button")
    dots.last.hover()
    expect(app.page.locator(".st-key-sparsity .reading")).to_have_text(re.compile(r"^block4: \d+% zeros$"))
    dots.last.click()
    expect(app.page.get_by_role("heading", name="block4: 64 channels of 2 × 2")).to_be_visible()


def test_the_poster_has_all_channels_and_the_maps_are_the_layers_own(app: App) -> None:
    app.open("/inside?checkpoint=digits&layer=block2")
    files = {}
    app.page.locator(".st-key-layer_files button").first.click()
    for label in ("Poster", "Maps"):
        with app.page.expect_download() as waiting:
            app.page.locator(f".st-key-download_{label} button").first.click()
        files[waiting.value.suggested_filename] = Path(waiting.value.path()).read_bytes()
    poster = Image.open(io.BytesIO(files["activations.block2.png"]))
    assert poster.size == poster_layout(128, (11, 11)).size
    maps = np.load(io.BytesIO(files["activations.block2.npy"]))
    assert maps.shape == (128, 11, 11)
    strongest = int(chosen(app.page))
    app.settle()
    mean = card(app.page)[1].replace("−", "-")
    assert float(mean) == pytest.approx(float(maps[strongest].mean()), rel=0.06)


def test_the_ascent_image_of_an_open_channel_arrives_and_a_page_of_them_is_made(app: App) -> None:
    app.open("/inside?layer=blocks.0&channel=3&sort=index")  # Its 16 channels are quick.
    image = app.page.locator(".st-key-ascent_image img")
    expect(image).to_be_visible()
    app.settle()
    plain = str(image.get_attribute("src"))
    app.page.locator(".st-key-ascent").get_by_text("robust").click()
    expect(image).not_to_have_attribute("src", plain)
    app.settle()
    app.page.locator(".st-key-show").get_by_text("ascent").click()
    expect(app.page.locator(f"{GRID}[data-missing=false]").first).to_be_visible()
    app.settle()
    assert address_of(app)["ascent"] == "robust"
    assert address_of(app)["show"] == "ascent"
    app.page.locator(".st-key-ascent").get_by_text("plain").click()
    expect(image).to_have_attribute("src", plain)
    app.settle()
    app.page.get_by_role("button", name="Make this page's images").click()
    expect(app.page.locator(f"{GRID}[data-missing=true]")).to_have_count(0, timeout=120_000)
    expect(app.page.locator(GRID)).to_have_count(16)


def test_a_channel_that_nothing_raises_is_called_dead(app: App) -> None:
    app.open("/inside?checkpoint=signs-plain&layer=block4&channel=0")
    expect(app.page.locator(".st-key-channel_body")).to_contain_text(
        "Dead channel: ascent could not raise it"
    )


def test_real_patches_of_the_samples_are_there_at_once_and_in_one_file(app: App) -> None:
    app.open("/inside?layer=blocks.4&show=examples&sort=index")
    sections = app.page.locator(".st-key-channel_body")
    expect(sections.locator(".seewhy-nine img")).to_have_count(5)
    expect(sections).to_contain_text("From 5 samples.")
    expect(app.page.locator(f"{GRID}[data-missing=false]").first).to_be_visible()
    app.settle()
    app.page.locator(".st-key-layer_files button").first.click()
    with app.page.expect_download(timeout=60_000) as waiting:
        app.page.locator(".st-key-download_examples button").first.click()
    assert waiting.value.suggested_filename == "examples.blocks.4.png"
    poster = Image.open(waiting.value.path())
    assert poster.size == patches.poster_layout(112, 296).size
