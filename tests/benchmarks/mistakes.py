"""How long a person waits on Mistakes: ``python tests/benchmarks/mistakes.py``, in Chromium, medians of ten.

First a synthetic table of 1.3 million rows and 1,000 classes, then one of 50,000 rows and 21,841 classes,
which lie in ``checkpoints`` meanwhile and are removed afterwards; then the digits that ship.
"""

import contextlib
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints import paths
from core.checkpoints.paths import PREDICTIONS
from core.predictions.prediction_table import write
from tests.support.pages.server import CHROMIUM, FLAGS, running_app
from tests.support.pages.window import App
from tests.support.stored.checkpoints import checkpoints_in, link_all

NAME, MANY, TURNS = "benchmark-million", "benchmark-many", 10


def table(rows: int, classes: int, seed: int = 0) -> pa.Table:
    """Predictions of a classifier that is right three times in four, and else mostly near the label."""
    rng = np.random.default_rng(seed)
    label = np.sort(rng.integers(0, classes, rows)).astype(np.int32)
    near = (label + rng.geometric(0.4, rows) * rng.choice([-1, 1], rows)) % classes
    predicted = np.where(rng.random(rows) < 0.76, label, near).astype(np.int32)
    others = (predicted[:, None] + np.cumsum(rng.integers(1, 9, (rows, 4)), axis=1)) % classes
    top5 = np.concatenate([predicted[:, None], others], axis=1).astype(np.int32)
    shares = np.sort(rng.dirichlet(np.full(6, 0.5), rows).astype(np.float32), axis=1)[:, ::-1]
    p_label = np.where(label == predicted, shares[:, 0], shares[:, 5] / 2).clip(1e-6).astype(np.float32)
    names = [f"n{each:08d}/n{each:08d}_{index:07d}.JPEG" for index, each in enumerate(label)]
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * 5)
    return pa.table(
        {
            "sample_id": names,
            "path": names,
            "split": pa.array(["val"] * rows),
            "label": label,
            "predicted": predicted,
            "p_label": p_label,
            "p_predicted": shares[:, 0],
            "top5": pa.ListArray.from_arrays(offsets, pa.array(top5.ravel())),
            "top5_probability": pa.ListArray.from_arrays(offsets, pa.array(shares[:, :5].ravel())),
            "loss": -np.log(p_label),
            "margin": shares[:, 0] - shares[:, 1],
        }
    )


@contextlib.contextmanager
def synthetic(name: str, rows: int, classes: int) -> Iterator[None]:
    """A checkpoint with the built-in network's card, so many classes, and a large table, while it lasts."""
    folder = paths.root() / name
    folder.mkdir()
    try:
        card = json.loads((paths.root() / paths.BUILT_IN / paths.CARD).read_text())
        card["class_names"] = [*card["class_names"], *(f"class {each}" for each in range(1_000, classes))]
        (folder / paths.CARD).write_text(json.dumps(card))
        (folder / paths.WEIGHTS).touch()
        write(folder / PREDICTIONS, table(rows, classes))
        yield
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Print one row per thing that a person waits for, and the server's memory."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as root,
        checkpoints_in(link_all(paths.root(), Path(root))),
        sync_playwright() as playwright,
        synthetic(NAME, 1_300_000, 1_000),
        synthetic(MANY, 50_000, 21_841),
        running_app(Path(folder) / "log") as url,
    ):
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)

        def fresh() -> App:
            # The stopwatch runs code in the page, which the page's own policy would refuse.
            context = browser.new_context(viewport={"width": 1280, "height": 1000}, bypass_csp=True)
            return App(context.new_page(), url)

        fresh().open("/")
        rows = {"1.3 million rows: page ready, table not yet in memory": [opened(fresh(), NAME)]}
        rows["1.3 million rows: page ready"] = [opened(fresh(), NAME) for _ in range(TURNS)]
        app, digits = fresh(), fresh()
        opened(app, NAME)
        rows["1.3 million rows: cell to gallery"] = [cell_picked(app, turn) for turn in range(TURNS)]
        memory = resident_megabytes(url)
        what = "50,000 rows and 21,841 classes: page ready"
        rows[f"{what}, table not yet in memory"] = [opened(fresh(), MANY)]
        rows[what] = [opened(fresh(), MANY) for _ in range(TURNS)]
        rows["digits: page ready"] = [opened(fresh(), "digits") for _ in range(TURNS)]
        opened(digits, "digits")
        rows["digits: cell to gallery"] = [cell_picked(digits, turn) for turn in range(TURNS)]
        rows["digits: sample to four pictures"] = [sample_opened(digits, turn) for turn in range(TURNS)]
        browser.close()
    print("| what | median s | slowest s | n |\n| --- | --- | --- | --- |")
    for what, seconds in rows.items():
        print(f"| {what} | {statistics.median(seconds):.2f} | {max(seconds):.2f} | {len(seconds)} |")
    print(f"\nServer with the large table: {memory:,.0f} MB resident.")


def opened(app: App, name: str) -> float:
    """From the address to the first samples and the matrix."""
    started = time.perf_counter()
    app.page.goto(f"{app.url}/mistakes?checkpoint={name}")
    app.page.locator(".st-key-gallery button").first.wait_for(timeout=120_000)
    app.page.locator(".st-key-matrix [role=gridcell]").first.wait_for()
    return time.perf_counter() - started


def cell_picked(app: App, turn: int) -> float:
    """From a click on a cell of the diagonal to its samples; each turn another."""
    app.settle()
    cell = app.page.locator(".st-key-matrix .cell.right").nth(turn)
    cell.scroll_into_view_if_needed()
    return until_changed(app.page, ".st-key-gallery button", cell.click)


def sample_opened(app: App, turn: int) -> float:
    """From a click on a sample to its four pictures; the first one opens the network."""
    app.settle()
    sample = app.page.locator(".st-key-gallery button").nth(turn)
    sample.scroll_into_view_if_needed()
    started = time.perf_counter()
    before = app.page.locator(".st-key-four img").first.get_attribute("src") if turn else None
    sample.click()
    app.page.wait_for_function(
        """before => {
            const images = [...document.querySelectorAll(".st-key-four *")]
              .flatMap((each) => [...(each.shadowRoot?.querySelectorAll("img") ?? [])]);
            return images.length === 4 && images.every((each) => each.complete) && images[0].src !== before;
        }""",
        arg=before,
    )
    return time.perf_counter() - started


def until_changed(page: Page, selector: str, act: Callable[[], None]) -> float:
    """Seconds from an action until the first element of that kind says something else."""
    before = page.locator(selector).first.get_attribute("title")
    started = time.perf_counter()
    act()
    while page.locator(selector).first.get_attribute("title") == before:
        page.wait_for_timeout(10)
    return time.perf_counter() - started


def resident_megabytes(url: str) -> float:
    """Memory of the process that serves the app at this address."""
    port = url.rpartition(":")[2]
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"--server.port={port}" in (status.parent / "cmdline").read_text():
                lines = status.read_text().splitlines()
                return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
    raise RuntimeError("no process serves the app")


if __name__ == "__main__":
    main()
