"""Training in a real browser: start, watch, stop, come back, resume, explain; each run is removed again."""

import os
import re
from collections.abc import Iterator

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from core.checkpoints import store
from core.training import runs
from core.training.lightning.train import train
from core.training.runs.run import Stopped
from tests.support.pages.window import App
from tests.support.programs import waiting
from tests.support.trainings.short_trainings import TWO_CONVOLUTIONS, job, short_recipe

# The start of a training loads its libraries, on a machine that may be busy.
SLOW = 90_000


@pytest.fixture
def result() -> Iterator[str]:
    """A name for a training; whatever comes of it is stopped and deleted."""
    name = f"test-browser-{os.getpid()}"
    yield name
    if name not in store.folders():
        return
    runs.stop(name)
    waiting.until_over(lambda: runs.find(name).is_running)
    runs.delete(name)


@pytest.fixture
def stopped(result: str) -> str:
    """A training on a few digits that was stopped after the first of three epochs."""

    def stop(line: str) -> None:
        if line.startswith("epoch   1"):
            runs.stop(result)

    with pytest.raises(Stopped):
        train(short_recipe(*TWO_CONVOLUTIONS), job(result, stop))
    return result


def fill(app: App, label: str, text: str) -> None:
    field = app.page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Enter")
    app.settle()


def button(app: App, key: str) -> Locator:
    """A button by its key; one with a tooltip is in the page twice, and the first is the one to see."""
    return app.page.locator(f".st-key-{key} button").first


def start(app: App, name: str, epochs: int) -> None:
    app.open("/train")
    fill(app, "Name of the new model", name)
    fill(app, "Epochs", str(epochs))
    button(app, "train_start").click()
    expect(app.page).to_have_url(re.compile(f"run={name}"), timeout=SLOW)


def wait_for(app: App, status: str) -> None:
    expect(app.page.locator(".st-key-train_status")).to_contain_text(status, timeout=SLOW)


def legends(page: Page, measure: str) -> list[str]:
    return page.locator(f".st-key-curve_{measure} .legendtext").all_text_contents()


def test_a_training_is_started_outlives_a_reload_and_is_stopped_and_deleted(app: App, result: str) -> None:
    start(app, result, epochs=400)
    wait_for(app, "Running")
    expect(app.page.locator(".st-key-curve_loss .scatterlayer .trace")).to_have_count(3, timeout=SLOW)
    app.page.reload()
    app.settle()
    expect(app.page.get_by_test_id("stProgress")).to_contain_text(re.compile(r"Epoch \d+ of 400"))
    expect(button(app, "train_delete")).to_be_disabled()
    button(app, "train_stop").click()
    wait_for(app, "Stopped")
    expect(app.page.get_by_test_id("stProgress")).to_have_count(0)
    leave_and_come_back_by_the_table(app, result)
    button(app, "train_delete").click()
    button(app, "train_delete_sure").click()
    expect(button(app, "train_start")).to_be_visible()
    assert result not in store.folders()


def test_a_stopped_training_is_resumed_and_explained_with(app: App, stopped: str) -> None:
    done = runs.find(stopped).history
    app.open(f"/train?run={stopped}")
    wait_for(app, "Stopped")
    button(app, "train_resume").click()
    wait_for(app, "Finished")
    expect(app.page.get_by_text("3 of 3", exact=True).first).to_be_visible()
    expect(app.page.locator(".st-key-curve_loss .scatterlayer .trace")).to_have_count(3)
    app.settle()
    assert legends(app.page, "accuracy") == ["Training", "Validation", "Best epoch"]
    expect(app.page.get_by_test_id("stProgress")).to_have_count(0)
    history = runs.find(stopped).history
    pd.testing.assert_frame_equal(history[: len(done)].drop(columns="seconds"), done.drop(columns="seconds"))
    button(app, "train_explain").click()
    expect(app.page.get_by_role("heading", name="Explain", exact=True)).to_be_visible()
    app.settle()
    app.page.locator(".st-key-samples button", has_text="Coffee").click()
    app.heat()
    expect(app.page.locator(".st-key-checkpoint input")).to_have_value(stopped)
    expect(app.page.locator(".st-key-top button")).to_have_count(5)


def leave_and_come_back_by_the_table(app: App, name: str) -> None:
    button(app, "train_new").click()
    expect(button(app, "train_start")).to_be_visible()
    app.settle()
    table = app.page.get_by_test_id("stDataFrame").last  # The one before it lists the layers.
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    app.page.mouse.click(box["x"] + 60, box["y"] + 35 * 1.5)  # The first row: the newest.
    expect(app.page).to_have_url(re.compile(f"run={name}"))
    expect(button(app, "train_delete")).to_be_enabled()
