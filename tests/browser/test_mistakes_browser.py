"""Mistakes in a real browser: from a cell to its samples, to one of them, and to a colleague by link."""

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from core.checkpoints import paths
from core.predictions import evaluations
from tests.support.pages.window import App


@pytest.fixture(scope="module")
def digits() -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(paths.root() / "digits").table)


def click_cell(app: App, row: int, column: int) -> None:
    """Click a cell of the matrix; -1 is the label of a row or column."""
    app.page.locator(f".st-key-matrix [data-at='{row} {column}']").click()


def samples(app: App) -> list[str]:
    """File names in the gallery, in order."""
    app.settle()
    titles = app.page.locator(".st-key-gallery button").evaluate_all("all => all.map((one) => one.title)")
    return [title.rpartition(" · ")[2] for title in titles]


def file_names(rows: pd.DataFrame) -> list[str]:
    ordered = rows.sort_values("loss", ascending=False, kind="stable")
    return [each.rpartition("/")[2] for each in ordered["sample_id"]]


def test_a_cell_a_row_and_a_column_show_exactly_their_samples(app: App, digits: pd.DataFrame) -> None:
    app.open("/mistakes?checkpoint=digits")
    click_cell(app, 8, 7)
    expect(app.page.get_by_role("heading", name="8, predicted 7")).to_be_visible()
    expect(app.page).to_have_url(re.compile("true=8&pred=7"))
    assert samples(app) == file_names(digits[(digits["label"] == 8) & (digits["predicted"] == 7)])
    click_cell(app, 9, -1)
    expect(app.page.get_by_role("heading", name="True 9: samples")).to_be_visible()
    assert samples(app) == file_names(digits[digits["label"] == 9])
    click_cell(app, -1, 7)
    expect(app.page.get_by_role("heading", name="Predicted 7: samples")).to_be_visible()
    assert samples(app) == file_names(digits[digits["predicted"] == 7])


def test_the_matrix_is_walked_and_read_by_keys(app: App) -> None:
    app.open("/mistakes?checkpoint=digits")
    app.page.locator(".st-key-matrix [data-at='0 0']").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        app.page.keyboard.press(key)
    expect(app.page.locator(".st-key-matrix .reading")).to_contain_text("True 1, predicted 1: ")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name="1, predicted 1")).to_be_visible()


def test_a_sample_opens_and_a_colleague_sees_the_same(app: App, colleague: App) -> None:
    app.open("/mistakes?checkpoint=digits")
    click_cell(app, 9, 4)
    expect(app.page.get_by_role("heading", name="9, predicted 4")).to_be_visible()
    assert samples(app) == ["677"]
    app.page.locator(".st-key-gallery button").first.click()
    expect(app.page.locator(".st-key-four img")).to_have_count(4)
    app.settle()
    titles = app.page.locator(".st-key-four .title").all_inner_texts()
    assert titles == ["The photo", "For 4", "For 9", "4 rather than 9"]
    pictures = app.page.locator(".st-key-four img").evaluate_all("all => all.map((one) => one.src)")

    colleague.follow(app)
    expect(colleague.page.locator(".st-key-four img")).to_have_count(4)
    assert colleague.page.locator(".st-key-four .title").all_inner_texts() == titles
    assert (
        colleague.page.locator(".st-key-four img").evaluate_all("all => all.map((one) => one.src)")
        == pictures
    )
    colleague.page.get_by_role("button", name="Filters").click()
    expect(colleague.page.locator(".st-key-true input")).to_have_value("9")


def test_keys_walk_through_the_samples_and_close_them(app: App) -> None:
    app.open("/mistakes?checkpoint=digits&sample=digits%2F77")
    expect(app.page.get_by_text("1 of 4", exact=True)).to_be_visible()
    app.settle()  # The number is there before the button that a key presses.
    app.page.keyboard.press("ArrowRight")
    expect(app.page.get_by_text("2 of 4", exact=True)).to_be_visible()
    expect(app.page).to_have_url(re.compile("sample=digits%2F1666"))
    app.settle()
    app.page.keyboard.press("ArrowLeft")
    expect(app.page.get_by_text("1 of 4", exact=True)).to_be_visible()
    app.settle()
    app.page.keyboard.press("Escape")
    expect(app.page.locator(".st-key-sample")).to_have_count(0)
    expect(app.page).not_to_have_url(re.compile("sample="))


def test_keys_alone_lead_from_a_cell_to_a_sample_and_to_the_next(app: App, digits: pd.DataFrame) -> None:
    """With a visible focus all the way, which comes back to the picture of the sample that is closed."""
    nines = digits[digits["label"] == 9].sort_values("loss", ascending=False, kind="stable")["sample_id"]
    app.open("/mistakes?checkpoint=digits")
    expect(app.page.locator(".st-key-gallery button").first).to_be_visible()
    app.tab_to("matrix")
    for key in ("Home", *["ArrowDown"] * 9):
        app.page.keyboard.press(key)
    app.expect_focus(key="matrix", name="9 -1", outline=3)
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name="True 9: samples")).to_be_visible()
    app.settle()
    app.expect_focus(key="matrix", name="9 -1")

    app.tab_to("gallery")
    for key, sample in (("End", -1), ("Home", 0), ("ArrowRight", 1), ("ArrowDown", 4), ("ArrowUp", 1)):
        app.page.keyboard.press(key)
        app.expect_focus(key="gallery", name=nines.iloc[sample], outline=3)
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_text("2 of 36", exact=True)).to_be_visible()
    expect(app.page.locator(".st-key-four img")).to_have_count(4)
    app.settle()
    app.expect_focus(key="four", outline=3)

    app.page.keyboard.press("ArrowRight")
    expect(app.page.get_by_text("3 of 36", exact=True)).to_be_visible()
    app.settle()
    app.page.keyboard.press("Escape")
    expect(app.page.locator(".st-key-sample")).to_have_count(0)
    app.settle()
    app.expect_focus(key="gallery", name=nines.iloc[2], outline=3)


def test_the_gallery_scrolls_in_its_own_box(app: App) -> None:
    """The page is as high as the window, however many samples there are."""
    app.page.set_viewport_size({"width": 1280, "height": 900})
    app.open("/mistakes?checkpoint=digits&only=All")
    expect(app.page.locator(".st-key-gallery button")).to_have_count(48)
    app.settle()
    height = "document.querySelector('[data-testid=stMain]').scrollHeight"
    app.expect_value(height, 900)
    box = app.page.locator(".st-key-gallery .box")
    assert box.evaluate("box => box.scrollHeight > 2 * box.clientHeight")
    app.page.locator(".st-key-gallery button").first.focus()
    app.page.keyboard.press("End")
    assert box.evaluate("box => box.scrollTop + box.clientHeight > box.scrollHeight - 20")
    app.expect_value(height, 900)


def test_pointing_at_one_map_reads_all_of_them_and_arrow_keys_begin_at_the_highest_cell(app: App) -> None:
    """Elsewhere on the page the same keys lead to the next sample."""
    app.open("/mistakes?checkpoint=digits&sample=digits%2F677")
    app.page.locator(".st-key-four img").nth(2).hover()
    reading = app.page.locator(".st-key-four .reading")
    expect(reading).to_have_text(re.compile(r"^4 [+−][\d.]+ · 9 [+−][\d.]+ · difference [+−][\d.]+$"))
    predicted, rival, difference = (
        float(part.rpartition(" ")[2].replace("−", "-")) for part in reading.inner_text().split(" · ")
    )
    assert difference == pytest.approx(predicted - rival, abs=0.011)
    app.page.mouse.move(0, 0)

    maps = app.page.locator(".st-key-four .panes")
    expect(maps).to_have_attribute("aria-label", "Maps of 3 × 3 cells: arrow keys read them")
    maps.press("ArrowRight")
    expect(reading).to_have_attribute("aria-live", "polite")
    first = reading.inner_text()
    assert maps.evaluate("maps => getComputedStyle(maps).outlineWidth") == "3px"
    expect(app.page.locator(".st-key-four .cell:not([hidden])")).to_have_count(3)
    readings = [reading.inner_text()]
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowUp"):
        maps.press(key)
        readings.append(reading.inner_text())
    assert float(first.split()[1]) == max(float(each.split()[1].replace("−", "-")) for each in readings)
    expect(app.page.get_by_text("3 of 4", exact=True)).to_be_visible()
    app.page.keyboard.press("Tab")
    expect(reading).to_have_text("Hover or press arrow keys to read the same place in every map")


def test_the_report_is_one_file_that_asks_for_nothing(app: App, browser: Browser, tmp_path: Path) -> None:
    app.open("/mistakes?checkpoint=digits")
    with app.page.expect_download() as download:
        app.page.get_by_role("button", name="Report").click()
    file = tmp_path / "report.html"
    download.value.save_as(file)

    with browser.new_context() as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        expect(page.get_by_role("heading", name="Mistakes of digits")).to_be_visible()
        assert page.locator("img").count() == 16
        assert [url for url in asked if not url.startswith(("data:", file.as_uri()))] == []


def test_a_class_of_the_table_leads_to_its_samples(app: App) -> None:
    app.open("/mistakes?checkpoint=digits&view=Classes")
    app.page.locator(".st-key-class_table canvas").first.wait_for()
    app.page.locator(".st-key-class_table").first.click(position={"x": 15, "y": 52})
    expect(app.page.get_by_role("heading", name="True 9: samples")).to_be_visible()
    expect(app.page).to_have_url(re.compile("true=9"))
    expect(app.page).to_have_url(re.compile("only=All"))
