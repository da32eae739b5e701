"""One browser window on the app, in the words of a person who uses it."""

import re

from playwright.sync_api import Page, expect


class App:
    """A page of the browser, the addresses outside of the app that it asked for, and what it may not load."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.outside: list[str] = []
        self.refused: list[str] = []
        page.on("request", lambda request: self._note(request.url))
        page.on("console", lambda message: self._read(message.text))

    def open(self, path: str = "/explain") -> None:
        """Go to a page of the app by its address."""
        self.page.goto(self.url + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run and the browser has drawn."""
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
        self.page.wait_for_timeout(150)

    def drop(self, name: str, content: bytes, mime: str = "image/png") -> None:
        """Drop a file onto the uploader, as from a desktop."""
        zone = self.page.get_by_test_id("stFileUploaderDropzone").first
        zone.wait_for()
        transfer = self.page.evaluate_handle(
            """([name, bytes, mime]) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([Uint8Array.from(bytes)], name, { type: mime }));
                return transfer;
            }""",
            [name, list(content), mime],
        )
        zone.dispatch_event("drop", {"dataTransfer": transfer})

    def heat(self) -> str:
        """The heat map's picture, once there is one."""
        expect(self.page.locator(".st-key-viewer img.heat")).to_have_attribute(
            "src", re.compile("^data:image/png"), timeout=30_000
        )
        return str(self.page.locator(".st-key-viewer img.heat").get_attribute("src"))

    def heat_other_than(self, old: str) -> str:
        """The heat map's picture, once it is another one."""
        expect(self.page.locator(".st-key-viewer img.heat")).not_to_have_attribute("src", old, timeout=30_000)
        return self.heat()

    def choose(self, key: str, option: str) -> None:
        """Type into a picker and take the option of that name."""
        field = self.page.locator(f".st-key-{key} input")
        field.click()
        field.fill(option)
        self.page.get_by_role("option", name=option, exact=True).first.click()

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.outside.append(url)

    def _read(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.refused.append(text)
