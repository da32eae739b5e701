"""The view Edit in a browser: a stroke changes the scores, undo takes them back, keys draw too."""

from playwright.sync_api import expect

from tests.support.pages.window import App


def test_a_stroke_gives_new_scores_and_undo_the_old_ones(app: App) -> None:
    app.open("/explain?checkpoint=digits&photo=chelsea.png")
    app.show("Edit")
    canvas, maps = app.page.locator(".st-key-painter canvas.over"), app.page.locator(".st-key-edit_maps img")
    expect(maps).to_have_count(2)
    undo = app.page.locator(".st-key-edit_undo button")
    expect(undo).to_be_disabled()
    before, unedited = maps.nth(0).get_attribute("src"), maps.nth(1).get_attribute("src")
    assert before == unedited

    box = canvas.bounding_box()
    assert box is not None
    app.page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    app.page.mouse.down()
    app.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.8, steps=5)
    app.page.mouse.up()
    expect(undo).to_be_enabled()
    expect(maps.nth(1)).not_to_have_attribute("src", unedited or "")
    expect(maps.nth(0)).to_have_attribute("src", before or "")

    app.settle()
    undo.click()
    expect(maps.nth(1)).to_have_attribute("src", unedited or "")
    expect(app.page.locator(".st-key-edit_redo button")).to_be_enabled()


def test_keys_draw_a_rectangle(app: App) -> None:
    app.open("/explain?checkpoint=digits&photo=chelsea.png")
    app.show("Edit")
    app.page.locator(".st-key-painter canvas.over").focus()
    for key in ("Enter", *["ArrowLeft"] * 5, *["ArrowDown"] * 4, "Enter"):
        app.page.keyboard.press(key)
    expect(app.page.locator(".st-key-edit_undo button")).to_be_enabled()
