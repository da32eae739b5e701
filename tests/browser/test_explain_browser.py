"""The main job in a real browser: drop a photo, read why, change the question, take the files along."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from playwright.sync_api import Page, expect

from core.checkpoints import paths
from tests.support.pages.window import App

CAT = "/explain?photo=chelsea.png"


def names(page: Page) -> list[str]:
    return page.locator(".st-key-top button .name").all_inner_texts()


def downloaded(app: App, label: str) -> tuple[str, bytes]:
    with app.page.expect_download() as waiting:
        app.page.locator(f".st-key-download_{label} button").click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_a_dropped_photo_shows_prediction_map_and_a_sum_that_holds(app: App, cat: bytes) -> None:
    app.open()
    app.drop("my cat.png", cat)
    app.heat()
    app.settle()
    expect(app.page.get_by_role("heading", name="Why tiger cat?")).to_be_visible()
    assert names(app.page)[:3] == ["tiger cat", "Egyptian cat", "tabby"]
    terms = app.page.locator(".seewhy-sum b").all_inner_texts()
    numbers = [float(re.sub("[^-0-9.]", "", term.replace("\N{MINUS SIGN}", "-"))) for term in terms]
    assert sum(numbers[:3]) == pytest.approx(numbers[3], abs=0.016)  # Four numbers, each rounded to 0.005.
    logit = app.page.locator(".st-key-top button .logit").first.inner_text()
    assert float(logit) == numbers[3]


def test_a_click_on_a_bar_and_a_name_in_the_picker_change_the_class(app: App) -> None:
    app.open(CAT)
    first = app.heat()
    app.page.locator(".st-key-top button", has_text="Egyptian cat").click()
    expect(app.page.get_by_role("heading", name="Why Egyptian cat?")).to_be_visible()
    second = app.heat_other_than(first)
    app.choose("class-imagenet", "goldfish")
    expect(app.page.get_by_role("heading", name="Why goldfish?")).to_be_visible()
    assert app.heat_other_than(second) != first
    app.settle()
    assert names(app.page)[5] == "goldfish", "a class outside of the top five gets a bar of its own"


def test_another_layer_by_its_stage_and_by_the_picker(app: App) -> None:
    app.open("/explain?photo=coffee.png")
    first = app.heat()
    app.page.locator(".st-key-stages button", has_text="blocks.4").click()
    app.heat_other_than(first)
    app.settle()
    app.expect_map("Grad-CAM at blocks.4")
    expect(app.page.locator(".seewhy-sum")).to_have_count(0)


def test_two_classes_are_compared_in_logits(app: App) -> None:
    app.open(CAT)
    app.heat()
    app.choose("against-imagenet", "tabby")
    expect(app.page.get_by_role("heading", name="Why tiger cat, and not tabby?")).to_be_visible()
    app.settle()
    logits = [float(text) for text in app.page.locator(".st-key-top button .logit").all_inner_texts()]
    shown = app.page.locator(".seewhy-sum b").last.inner_text()
    assert float(shown.lstrip("= ")) == pytest.approx(logits[0] - logits[2], abs=0.011)
    app.choose("against-imagenet", "tiger cat")
    expect(app.page.get_by_text("Choose two different classes to compare.")).to_be_visible()


def test_the_pointer_reads_the_cell_under_it_and_opacity_moves_without_the_server(app: App) -> None:
    """The reading also says where the network saw nothing."""
    app.open(CAT)
    app.heat()
    _, raw = downloaded(app, "Map")
    cells = np.load(io.BytesIO(raw))
    box = app.page.locator(".st-key-viewer .mapped").bounding_box()
    assert box is not None
    app.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    reading = app.page.locator(".st-key-viewer .reading")
    expect(reading).to_contain_text("row 4, column 4 of 7 × 7")
    assert float(reading.inner_text().split()[0].replace("\N{MINUS SIGN}", "-")) == pytest.approx(
        float(cells[3, 3]), abs=6e-4
    )
    app.page.mouse.move(box["x"] + 4, box["y"] + box["height"] / 2)
    expect(reading).to_contain_text("the network did not see this")
    slider = app.page.locator(".st-key-viewer input.opacity")
    slider.evaluate("s => { s.value = 20; s.dispatchEvent(new Event('input')) }")
    assert float(app.page.locator(".st-key-viewer img.heat").evaluate("i => i.style.opacity")) == 0.2


def test_a_map_is_tested_on_a_click_and_its_curves_open(app: App) -> None:
    app.open("/explain?checkpoint=digits&photo=digits/digits-val/digits/677")
    app.page.get_by_role("button", name="Can this map be believed?").click()
    line = app.page.locator(".st-key-trust_line_map")
    expect(line).to_contain_text(re.compile(r"(Believable|Weak|No better than noise).*\d+%"))
    line.get_by_role("button", name="Curves").click()
    expect(app.page.locator(".js-plotly-plot")).to_have_count(2)
    expect(app.page.locator(".legendtext", has_text="This map").first).to_be_visible()


def test_downloads_open_and_agree_with_the_page(app: App, cat: bytes) -> None:
    app.open()
    app.drop("cat.png", cat)
    app.heat()
    app.settle()
    name, overlay = downloaded(app, "Overlay")
    assert name == "grad_cam.bn2.282.overlay.png"
    assert Image.open(io.BytesIO(overlay)).size == Image.open(io.BytesIO(cat)).size
    _, raw = downloaded(app, "Map")
    assert np.load(io.BytesIO(raw)).shape == (7, 7)
    _, prediction = downloaded(app, "JSON")
    assert [each["class_name"] for each in json.loads(prediction)["top"]] == names(app.page)[:5]


def test_rubbish_and_what_is_too_large_are_refused_and_a_good_photo_still_works(
    app: App, cat: bytes, tmp_path: Path
) -> None:
    """Each with a sentence; what is too large is not even sent."""
    big = tmp_path / "big.png"
    with big.open("wb") as file:
        file.truncate(21 * 2**20)
    app.open()
    app.page.locator("input[type=file]").first.set_input_files(big)
    expect(app.page.get_by_text(re.compile(r"must be 20(\.0)? ?MB or smaller"))).to_be_visible()
    app.drop("no *stars*.jpg", b"this is not a photo", "image/jpeg")
    expect(
        app.page.get_by_text("no *stars*.jpg cannot be used: got a file that is not an image")
    ).to_be_visible()
    app.drop("half.png", cat[: len(cat) // 2])
    expect(app.page.get_by_text("half.png cannot be used: got a PNG file that is damaged")).to_be_visible()
    app.drop("cat.png", cat)
    app.heat()


def test_a_sample_on_home_leads_to_its_explanation(app: App) -> None:
    app.open("/")
    app.page.locator(".st-key-samples button", has_text="Coffee").click()
    app.page.wait_for_url(re.compile("/explain"))
    app.heat()
    expect(app.page.get_by_role("heading", name="Why espresso?")).to_be_visible()


def test_a_photo_from_home_stays_when_a_bad_one_follows(app: App, coffee: bytes) -> None:
    app.open("/")
    app.drop("coffee.png", coffee)
    app.page.wait_for_url(re.compile("/explain"))
    first = app.heat()
    app.settle()
    app.drop("bad.png", b"rubbish")
    expect(app.page.get_by_text("bad.png cannot be used")).to_be_visible()
    assert app.heat() == first


def test_a_photo_from_the_camera_is_explained(app: App) -> None:
    app.open()
    app.page.locator(".st-key-camera_popover button").first.click()
    # Before the camera's first frame the button gives nothing.
    first_frame = "video => new Promise((shown) => video.requestVideoFrameCallback(shown))"
    app.page.locator("video").evaluate(first_frame)
    app.page.get_by_role("button", name="Take Photo").click()
    app.heat()
    expect(app.page.get_by_role("heading", name=re.compile("^Why .+"))).to_be_visible()


def test_a_slow_method_shows_progress_and_stops(app: App) -> None:
    app.open(CAT)
    app.heat()
    app.choose("method", "Occlusion")
    expect(app.page.get_by_text(re.compile(r"Occlusion: \d+%"))).to_be_visible()
    # Meanwhile what was there before stays as easy to read.
    expect(app.page.locator("[data-stale=true]").first).to_have_css("opacity", "1")
    app.page.get_by_role("button", name="Stop").last.click()
    app.expect_map("Grad-CAM at bn2")
    app.settle()
    app.choose("method", "Saliency")
    app.expect_map("Saliency on the input")


def test_two_windows_at_once_keep_their_own_photo(
    app: App, colleague: App, cat: bytes, coffee: bytes
) -> None:
    app.open()
    colleague.open()
    app.drop("cat.png", cat)
    colleague.drop("coffee.png", coffee)
    expect(app.page.get_by_role("heading", name="Why tiger cat?")).to_be_visible()
    expect(colleague.page.get_by_role("heading", name="Why espresso?")).to_be_visible()
    app.settle()
    assert names(app.page)[0] == "tiger cat"


@pytest.fixture
def own_name() -> Iterator[str]:
    """A name for a checkpoint that is gone afterwards."""
    name = "test-own-model"
    shutil.rmtree(paths.root() / name, ignore_errors=True)
    yield name
    shutil.rmtree(paths.root() / name, ignore_errors=True)


def test_an_own_model_is_imported_and_explained(app: App, cat: bytes, tmp_path: Path, own_name: str) -> None:
    torch.manual_seed(0)
    network = torchvision.models.shufflenet_v2_x0_5(num_classes=3)
    torch.save(
        {"state_dict": {f"module.{key}": each for key, each in network.state_dict().items()}},
        tmp_path / "w.pth",
    )
    app.open()
    app.drop("cat.png", cat)
    app.heat()
    app.settle()
    app.page.get_by_role("button", name="Bring your own model").click()
    form = app.page.get_by_role("dialog")
    form.locator("input[type=file]").set_input_files(tmp_path / "w.pth")
    expect(form.get_by_role("button", name="Remove w.pth")).to_be_visible()
    app.settle()
    app.choose("own_architecture", "torchvision:shufflenet_v2_x0_5")
    form.get_by_label("Name", exact=True).fill(own_name)
    form.locator("textarea").fill("cat\ndog")
    form.get_by_role("button", name="Import", exact=True).click()
    expect(form.get_by_text("The class list has 2 names, the weights have 3 classes")).to_be_visible(
        timeout=30_000
    )
    form.locator("textarea").fill("cat\ndog\nhorse")
    form.get_by_role("button", name="Import", exact=True).click()
    app.expect_map("Grad-CAM at conv5")
    assert sorted(names(app.page)) == ["cat", "dog", "horse"]


def test_nothing_sticks_out_of_the_window(app: App) -> None:
    app.resize(800)
    app.open("/explain?photo=coffee.png")
    app.heat()
    for width in (800, 1280):
        app.resize(width)
        box = app.page.locator(".st-key-viewer .mapped").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        assert box["width"] >= 400
        app.expect_fit(width)
