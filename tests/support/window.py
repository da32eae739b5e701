"""One browser window on the app, in the words of a person who uses it."""

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect


@dataclass(frozen=True, slots=True)
class Focused:
    """What has the focus: the key around it, its own name, and the width of its outline in pixels."""

    key: str
    name: str
    outline: float


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

    def tab_to(self, key: str) -> None:
        """Press Tab until the focus is in what has this key."""
        inside = "key => Boolean(document.activeElement?.closest(`.st-key-${key}`))"
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(inside, key):
                return
        raise AssertionError(f"no Tab leads into {key}")

    def focused(self) -> Focused:
        """What has the focus, also inside of a component."""
        return Focused(
            **self.page.evaluate(
                """() => {
                    const host = document.activeElement, inner = host.shadowRoot?.activeElement ?? host;
                    const ringed = getComputedStyle(inner.querySelector("img.picture") ?? inner);
                    return {
                        key: host.closest("[class*=st-key-]")?.className.match(/st-key-([\\w-]+)/)[1] ?? "",
                        name: inner.dataset.at ?? inner.dataset.id ?? "",
                        outline: ringed.outlineStyle === "none" ? 0 : parseFloat(ringed.outlineWidth),
                    };
                }"""
            )
        )

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.outside.append(url)

    def _read(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.refused.append(text)
