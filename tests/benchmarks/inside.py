"""How long one waits on Inside: ``python tests/benchmarks/inside.py [OLD_CHECKOUT]``, in Chromium, medians.

With the built-in network, a window of 1280 x 900, and nothing kept on disk from earlier runs. With an older
checkout, its server and this one's take turns: a busy machine slows both.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.pages.server import CHROMIUM, FLAGS, running_server
from tests.support.pages.window import App

ROOT = Path(__file__).parents[2]
GRID = ".st-key-channels .cell"
# The pictures of the grid, of the open channel, and of its ascent: what changes after a click.
TILES, MAP, ASCENT = f"{GRID} .picture", ".st-key-viewer img.heat", ".st-key-ascent_image img"
# Older pages have a row of stages of its own.
STAGES = ".st-key-network .head, .st-key-inside_stages button"
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
WHOLE = "[data-testid=stApp][data-test-script-state=notRunning]"
TURNS, _LONGEST_S = 10, 120
WINDOW = {"width": 1280, "height": 900}

Rows = dict[str, list[float]]


def main() -> None:
    """Print one row for each wait, and a median for each checkout."""
    roots = [*map(Path, sys.argv[1:]), ROOT]
    rows: list[Rows] = [{} for _ in roots]
    with ExitStack() as stack:
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=str(CHROMIUM), args=FLAGS
        )
        urls = []
        for root in roots:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            urls.append(stack.enter_context(running_server(folder / "log", root)).url)
        turns = [measured(browser, url) for url in urls]
        for steps in zip(*turns, strict=True):
            for own, (what, seconds) in zip(rows, steps, strict=True):
                own.setdefault(what, []).append(seconds)
        browser.close()
    names = [f"{'old' if root != ROOT else 'new'} median s" for root in roots]
    print(f"| what | {' | '.join(names)} | n |\n| --- |{' --- |' * len(names)} --- |")
    for what, seconds in rows[-1].items():
        medians = " | ".join(f"{statistics.median(own[what]):.2f}" for own in rows)
        print(f"| {what} | {medians} | {len(seconds)} |")


def measured(browser: Browser, url: str) -> Iterator[tuple[str, float]]:
    """What was waited for, and the seconds, one wait after the other."""
    yield "first view of a server, tiles painted", opened(browser, url, "/inside", TILES)
    for _ in range(TURNS):
        yield "opened by its address, tiles painted", opened(browser, url, "/inside?layer=bn2", TILES)
        yield "opened by its address, all drawn", opened(browser, url, "/inside?layer=bn2", WHOLE)
    app = window(browser, url)
    app.open("/inside?layer=bn2")
    photos, cells = app.page.locator(".st-key-samples button"), app.page.locator(GRID)
    stages = app.page.locator(STAGES)
    for turn in range(TURNS):
        stage = stages.filter(has_text=("blocks.4", "bn2")[turn % 2])
        yield "another layer, every second one of 1,280 channels", waited(app, TILES, stage.click)
    for turn in range(TURNS):
        yield "another photo, 1,280 channels", waited(app, TILES, photos.nth((turn + 1) % 5).click)
        yield "another page of 1,280 channels", waited(app, TILES, to_page(app, turn))
        yield "another channel", waited(app, MAP, cells.nth(turn + 8).click)
        yield "its ascent image", waited(app, ASCENT, cells.nth(turn + 30).click)
    app.page.close()


def window(browser: Browser, url: str) -> App:
    """A window that waits longer than usual, for busy machines."""
    page = browser.new_page(viewport=WINDOW)
    page.set_default_timeout(1_000 * _LONGEST_S)
    return App(page, url)


def opened(browser: Browser, url: str, path: str, ready: str) -> float:
    """From the address to the element ``ready``, painted, in a session of its own."""
    app = window(browser, url)
    started = time.perf_counter()
    app.page.goto(url + path)
    app.page.locator(GRID).first.wait_for()
    app.page.locator(ready).first.wait_for()
    app.page.evaluate(PAINTED)
    seconds = time.perf_counter() - started
    app.settle()
    app.page.close()
    return seconds


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
    shown = app.page.locator(picture)
    if not shown.count():
        return ""
    return str(shown.first.evaluate("(each) => each.src || each.style.backgroundImage"))


if __name__ == "__main__":
    main()
