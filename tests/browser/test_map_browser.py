"""The map of the data in a real browser: a line around points, and a click on one of them."""

import re
import shutil
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from core.checkpoints import paths, store
from core.data.sources import catalogue
from core.evaluation.feature_space import areas
from core.mistakes import results
from core.mistakes.feature_space import data_map
from core.predictions.evaluating.evaluate import evaluate
from core.predictions.evaluating.samples import samples_of
from tests.support.pages.accessibility import ALL_RULES, violations
from tests.support.pages.window import App


@pytest.fixture(scope="module")
def mapped() -> Iterator[results.Results]:
    """The digits with features."""
    folder = paths.folder("digits-on-a-map")
    shutil.copytree(paths.root() / "digits", folder, ignore=shutil.ignore_patterns(paths.EVALUATIONS))
    evaluate(folder, samples_of(store.read_card(folder), catalogue.load("digits"), "val"))
    yield results.read(folder)
    shutil.rmtree(folder)


def test_a_line_around_points_shows_their_samples_and_a_click_opens_one(
    app: App, mapped: results.Results
) -> None:
    app.open(f"/mistakes?checkpoint={mapped.name}&view=Map")
    plane = app.page.locator(".st-key-data_map canvas.over")
    expect(plane).to_be_visible()
    assert violations(app, ALL_RULES) == []
    box = plane.bounding_box()
    assert box is not None
    corners = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in _CORNERS]
    app.page.mouse.move(*corners[0])
    app.page.mouse.down()
    for corner in corners[1:]:
        app.page.mouse.move(*corner, steps=4)
    app.page.mouse.up()
    expect(app.page.get_by_role("heading", name="All samples in the area")).to_be_visible()
    area = areas.read(re.search(r"area=([\d_-]+)", app.page.url)[1])  # type: ignore[index]
    drawn = data_map.data_map(mapped)
    assert area is not None
    assert drawn is not None
    inside = area.contains(drawn.points)
    assert 20 < inside.sum() < len(inside) - 20
    expect(app.page.get_by_text(f"{inside.sum()} samples", exact=True)).to_be_visible()
    table = pd.read_parquet(mapped.evaluation.table)
    highest = drawn.points[:, 1].argmax()
    x, y = _pixels(drawn.points, int(highest), box["width"], box["height"])
    app.page.mouse.click(box["x"] + x, box["y"] + y)
    expect(app.page).to_have_url(re.compile(f"sample={table['sample_id'][highest].replace('/', '%2F')}(&|$)"))


_CORNERS = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.7), (0.2, 0.7))


def _pixels(points: np.ndarray, row: int, width: float, height: float) -> tuple[float, float]:
    """Where a point is on the canvas, which has 10 pixels around all points."""
    low, high = points.min(0), points.max(0)
    x, y = ((points[row] - low) / (high - low)).tolist()
    return 10 + x * (width - 20), height - 10 - y * (height - 20)
