"""One browser window on the app, in the words of a person who uses it."""

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as TimedOut

_WAIT_MS = 20_000
_MOST_TABS = 120
_FOCUSED = """() => {
    let inner = document.activeElement;
    const outer = inner.closest("[class*=st-key-]");
    while (inner.shadowRoot?.activeElement) inner = inner.shadowRoot.activeElement;
    const drawn = [inner, ...inner.querySelectorAll("img, .picture")].map((each) => getComputedStyle(each));
    const width = (style) => (style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth));
    return {
        key: outer?.className.match(/st-key-([\\w-]+)/)[1] ?? "",
        name: inner.dataset.at ?? inner.dataset.id ?? "",
        text: inner.innerText ?? "",
        outline: Math.max(...drawn.map(width)),
        shadow: drawn.some((style) => style.boxShadow !== "none"),
    };
}"""


@dataclass(frozen=True, slots=True)
class Focused:
    """What has the focus: the key around it, its own name, its text, and how that is seen.

    ``outline`` is the width in pixels around it or its picture, ``shadow`` whether either has one.
    """

    key: str
    name: str
    text: str
    outline: float
    shadow: bool

    @property
    def is_visible(self) -> bool:
        """Whether the reader sees where the focus is."""
        return self.outline >= 2 or self.shadow


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

    def tab_to(self, key: str = "", text: str = "") -> None:
        """Press Tab until the focus is in what has this key, on something that begins with this text."""
        for _ in range(_MOST_TABS):
            self.page.keyboard.press("Tab")
            focused = self.focused()
            if key in ("", focused.key) and focused.text.startswith(text):
                assert focused.is_visible, f"nothing shows that {focused} has the focus"
                return
        raise AssertionError(f"no Tab leads to {key} {text}")

    def focused(self) -> Focused:
        """What has the focus now, also inside of a component."""
        return Focused(**self.page.evaluate(_FOCUSED))

    def expect_focus(self, **expected: str | float) -> None:
        """Wait until the focus is where `Focused` has these values; ``text`` is how its text begins."""
        try:
            self.page.wait_for_function(
                f"""expected => {{
                    const focused = ({_FOCUSED})();
                    return Object.entries(expected).every(([name, value]) =>
                        name === "text" ? focused.text.startsWith(value) : focused[name] === value);
                }}""",
                arg=expected,
                timeout=_WAIT_MS,
            )
        except TimedOut as error:
            raise AssertionError(f"the focus should be at {expected}, it is at {self.focused()}") from error

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.outside.append(url)

    def _read(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.refused.append(text)
