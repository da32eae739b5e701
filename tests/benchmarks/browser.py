"""How long a person waits: ``python tests/benchmarks/browser.py [PHOTO…]``, in Chromium, medians.

Without photos of your own it uses those that ship with scikit-image.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.pages.server import CHROMIUM, FLAGS, running_app
from tests.support.pages.window import App

SHIPPED = ["chelsea.png", "coffee.png", "motorcycle_left.png", "camera.png", "rocket.jpg", "astronaut.png"]
CLASSES = ["goldfish", "tench", "castle", "banana", "espresso", "zebra", "pizza", "lynx", "tripod", "moped"]
LAYERS = ["blocks.0", "blocks.1", "blocks.2", "blocks.4", "bn2"]


def main() -> None:
    """Print one row per thing that a person waits for."""
    photos = [Path(name) for name in sys.argv[1:]] or [
        Path(str(files("skimage.data") / name)) for name in SHIPPED
    ]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        started = time.perf_counter()
        with running_app(Path(folder) / "log") as url:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
            app = App(browser.new_page(viewport={"width": 1280, "height": 1000}), url)
            app.open()
            app.page.get_by_test_id("stFileUploaderDropzone").wait_for()
            rows = {"server start to usable page": [time.perf_counter() - started], **measured(app, photos)}
            browser.close()
    print("| what | median s | slowest s | n |\n| --- | --- | --- | --- |")
    for what, seconds in rows.items():
        print(f"| {what} | {statistics.median(seconds):.2f} | {max(seconds):.2f} | {len(seconds)} |")


def measured(app: App, photos: list[Path]) -> dict[str, list[float]]:
    """Seconds per thing, six or ten each; the server is warm after the first photo."""
    app.page.locator("input[type=file]").first.set_input_files(str(photos[0]))
    app.heat()
    app.settle()
    names = [photos[1:][turn % (len(photos) - 1)] for turn in range(10)]
    uploads = [(f"{turn}{path.suffix}", path.read_bytes() + bytes([turn])) for turn, path in enumerate(names)]
    judged_ones = [(f"judged-{name}", content + b"judged") for name, content in uploads[:6]]
    return {
        "photo dropped to heat map visible": [dropped(app, name, content) for name, content in uploads],
        "heat map visible to its verdict": [judged(app, name, content) for name, content in judged_ones],
        "another class": [another_class(app, name) for name in CLASSES],
        "another layer": [another_layer(app, name) for name in LAYERS * 2],
        "opacity": [faded(app.page, value) for value in range(5, 55, 5)],
    }


def dropped(app: App, name: str, content: bytes) -> float:
    """A file chosen, uploaded, explained and painted."""
    payload = {"name": name, "mimeType": "image/png", "buffer": content}
    return waited(app, lambda: app.page.locator("input[type=file]").first.set_input_files(payload))


def judged(app: App, name: str, content: bytes) -> float:
    """From the moment at which the map of a photo is there to the verdict on it."""
    old = app.heat()
    payload = {"name": name, "mimeType": "image/png", "buffer": content}
    app.page.locator("input[type=file]").first.set_input_files(payload)
    app.heat_other_than(old)
    started = time.perf_counter()
    testing = app.page.get_by_text("Testing this map")
    testing.wait_for()
    testing.wait_for(state="detached")
    app.page.locator(".st-key-trust_line_map").wait_for()
    seconds = time.perf_counter() - started
    app.settle()
    return seconds


def waited(app: App, act: Callable[[], None]) -> float:
    """From the act to the moment at which another map has been painted."""
    old = app.heat()
    started = time.perf_counter()
    act()
    while app.page.locator(".st-key-viewer img.heat").get_attribute("src") == old:
        time.sleep(0.005)
    app.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    seconds = time.perf_counter() - started
    app.settle()
    return seconds


def another_class(app: App, name: str) -> float:
    """From the click on a name in the picker; typing it is the person's own time."""
    field = app.page.locator(".st-key-class-imagenet input")
    field.click()
    field.fill(name)
    option = app.page.get_by_role("option", name=name, exact=True).first
    option.wait_for()
    return waited(app, option.click)


def another_layer(app: App, name: str) -> float:
    """From the click on a stage."""
    return waited(app, app.page.locator(".st-key-stages button", has_text=name).click)


def faded(page: Page, value: int) -> float:
    """The opacity slider moved, and painted."""
    started = time.perf_counter()
    page.locator(".st-key-viewer input.opacity").evaluate(
        """(slider, value) => new Promise((done) => {
            slider.value = value;
            slider.dispatchEvent(new Event("input"));
            slider.dispatchEvent(new Event("change"));
            requestAnimationFrame(() => requestAnimationFrame(done));
        })""",
        value,
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
