"""The photo in the address in a real browser: to a colleague by link, and back by the browser's button."""

from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page, expect

from tests.support.pages.window import App


def address_of(app: App) -> dict[str, str]:
    """What the address says."""
    return dict(parse_qsl(urlsplit(app.page.url).query))


def cells(page: Page) -> list[str]:
    """The channels of the grid, as they stand, and how strong they are, once there are any."""
    expect(page.locator(".st-key-channels .cell").first).to_be_visible()
    return page.locator(".st-key-channels .cell").all_inner_texts()


def photo(app: App) -> str:
    """The photo under the map."""
    return str(app.page.locator(".st-key-viewer .mapped img.base").get_attribute("src"))


def test_a_sample_that_is_clicked_is_what_a_colleague_sees_inside(app: App, colleague: App) -> None:
    app.open("/inside?checkpoint=digits")
    first = app.heat()
    app.page.locator(".st-key-samples button", has_text="Rocket").click()
    app.heat_other_than(first)
    app.settle()
    assert address_of(app) == {"checkpoint": "digits", "photo": "rocket.jpg"}

    colleague.follow(app)
    assert colleague.heat() == app.heat()
    assert photo(colleague) == photo(app)
    assert cells(colleague.page) == cells(app.page)


def test_a_sample_of_mistakes_leads_a_colleague_to_explain_and_inside(app: App, colleague: App) -> None:
    for button in ("sample_explain", "sample_inside"):
        app.open("/mistakes?checkpoint=digits&sample=digits%2F677")
        app.page.locator(f".st-key-{button} button").first.click()
        app.heat()
        app.settle()
        assert address_of(app)["photo"] == "digits/digits-val/digits/677"
        colleague.follow(app)
        assert colleague.heat() == app.heat()
        assert photo(colleague) == photo(app)
        headings = app.page.get_by_role("heading").all_inner_texts()
        assert colleague.page.get_by_role("heading").all_inner_texts() == headings


def test_an_upload_leaves_the_address_and_the_strip_leads_back(app: App, cat: bytes) -> None:
    app.open("/explain?photo=coffee.png")
    first = app.heat()
    app.settle()
    app.drop("cat.png", cat)
    app.heat_other_than(first)
    app.settle()
    assert address_of(app) == {}
    app.page.locator(".st-key-photos_strip button").last.click()
    expect(app.page.get_by_role("heading", name="Why espresso?")).to_be_visible()
    app.settle()
    assert address_of(app) == {"photo": "coffee.png"}


def test_back_leads_through_the_photos_and_questions(app: App) -> None:
    app.open("/explain?photo=coffee.png")
    app.heat()
    app.settle()
    app.page.locator(".st-key-samples button", has_text="Cat").click()
    expect(app.page.get_by_role("heading", name="Why tiger cat?")).to_be_visible()
    app.settle()
    app.page.locator(".st-key-top button", has_text="Egyptian cat").click()
    expect(app.page.get_by_role("heading", name="Why Egyptian cat?")).to_be_visible()
    app.settle()
    assert address_of(app) == {"photo": "chelsea.png", "why": "Egyptian cat"}
    for title, said in (("tiger cat", "chelsea.png"), ("espresso", "coffee.png")):
        app.page.go_back()
        expect(app.page.get_by_role("heading", name=f"Why {title}?")).to_be_visible()
        app.settle()
        assert address_of(app) == {"photo": said}


def test_back_inside_shows_the_channel_before_and_the_usual_layer_and_order(app: App) -> None:
    app.open("/inside?checkpoint=digits")
    expect(app.page.locator(".st-key-channels .cell").first).to_be_visible()
    channels = [text.split()[0] for text in cells(app.page)]
    for place in (3, 5):
        app.page.locator(".st-key-channels .cell").nth(place).click()
        expect(app.page.get_by_role("heading", name=f"Channel {channels[place]}", exact=True)).to_be_visible()
        app.settle()
    app.page.go_back()
    expect(app.page.get_by_role("heading", name=f"Channel {channels[3]}", exact=True)).to_be_visible()
    app.settle()
    assert [text.split()[0] for text in cells(app.page)] == channels
    expect(app.page.get_by_role("heading", name="block1: 64 channels of 26 × 26")).to_be_visible()
    app.page.go_back()
    expect(app.page.get_by_role("heading", name=f"Channel {channels[0]}", exact=True)).to_be_visible()
    app.settle()
    assert "channel" not in address_of(app)
