"""How long a person waits on Inside: ``python tests/benchmarks/inside.py``, in Chromium, medians.

With the built-in network, a window of 1280 x 1000, and nothing kept on disk from earlier runs.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.server import CHROMIUM, FLAGS, running_app
from tests.support.window import App

GRID = ".st-key-channels .cell"
# The pictures of the grid, of the open channel, and of its ascent: what a person waits to see change.
TILES, MAP, ASCENT = f"{GRID} .picture", ".st-key-viewer img.heat", ".st-key-ascent_image img"
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
TURNS, _LONGEST_S = 10, 60


def main() -> None:
    """Print one row per thing that a person waits for."""
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        running_app(Path(folder) / "log") as url,
    ):
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        rows = {
            "first view of a server, with the network loaded": [opened(browser, url, "/inside")],
            **measured(browser, url),
        }
        browser.close()
    print("| what | median s | slowest s | n |\n| --- | --- | --- | --- |")
    for what, seconds in rows.items():
        print(f"| {what} | {statistics.median(seconds):.2f} | {max(seconds):.2f} | {len(seconds)} |")


def opened(browser: Browser, url: str, path: str) -> float:
    """From the address to the painted grid, in a session of its own; the rest of the page comes later."""
    app = App(browser.new_page(viewport={"width": 1280, "height": 1000}), url)
    started = time.perf_counter()
    app.page.goto(url + path)
    app.page.locator(GRID).first.wait_for()
    app.page.evaluate(PAINTED)
    seconds = time.perf_counter() - started
    app.settle()
    app.page.close()
    return seconds


def measured(browser: Browser, url: str) -> dict[str, list[float]]:
    """Seconds per thing, on a server that knows the network."""
    app = App(browser.new_page(viewport={"width": 1280, "height": 1000}), url)
    app.open("/inside?layer=bn2")
    photos = app.page.locator(".st-key-samples button")
    stages = app.page.locator(".st-key-inside_stages button")
    cells = app.page.locator(GRID)
    turns = range(TURNS)
    return {
        "page opened by its address, 1,280 channels": [
            opened(browser, url, "/inside?layer=bn2&channel=7") for _ in turns
        ],
        "another layer, every second one of 1,280 channels": [
            waited(app, TILES, stages.filter(has_text=("bn2", "blocks.4")[turn % 2 == 0]).click)
            for turn in turns
        ],
        "another photo, 1,280 channels": [
            waited(app, TILES, photos.nth((turn + 1) % 5).click) for turn in turns
        ],
        "another page of 1,280 channels": [waited(app, TILES, to_page(app, turn)) for turn in turns],
        "another channel": [waited(app, MAP, cells.nth(turn + 8).click) for turn in turns],
        "its ascent image": [waited(app, ASCENT, cells.nth(turn + 30).click) for turn in turns],
    }


def to_page(app: App, turn: int) -> Callable[[], None]:
    """What turns to the second page of channels, or back to the first."""
    return app.page.locator(".st-key-part").get_by_text(str(2 - turn % 2), exact=True).first.click


def waited(app: App, picture: str, act: Callable[[], None]) -> float:
    """From the act to the moment at which another picture has been painted."""
    old = _picture(app, picture)
    started = time.perf_counter()
    act()
    while _picture(app, picture) in ("", old):
        if time.perf_counter() - started > _LONGEST_S:
            raise TimeoutError(f"{picture} has not changed")
        time.sleep(0.005)
    app.page.evaluate(PAINTED)
    seconds = time.perf_counter() - started
    app.settle()
    return seconds


def _picture(app: App, picture: str) -> str:
    """What is shown at a place; empty while there is nothing."""
    found = app.page.locator(picture)
    if not found.count():
        return ""
    return str(found.first.evaluate("(each) => each.src || each.style.backgroundImage"))


if __name__ == "__main__":
    main()
