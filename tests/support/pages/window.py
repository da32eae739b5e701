"""One browser window on the app, in the words of a person who uses it."""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as TimedOut

_SCRIPTS = [Path(__file__).with_name(name) for name in ("runs.js", "still.js")]
FULL_HEIGHT = "document.querySelector('[data-testid=stMain]').scrollHeight"  # Pixels, scrolled away or not.
_WAIT_MS, _SLOW_MS = 20_000, 60_000
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
        for script in _SCRIPTS:
            page.add_init_script(path=script)
        page.on("request", lambda request: self._note(request.url))
        page.on("console", lambda message: self._read(message.text))

    def open(self, path: str = "/explain") -> None:
        """Go to a page of the app by its address."""
        self.page.goto(self.url + path)
        self.settle()

    def follow(self, other: "App") -> None:
        """Open the address that another window shows."""
        self.open(other.page.url.removeprefix(other.url))

    def clear(self) -> None:
        """Leave the app and forget all that the browser kept: for the server the session ends, too."""
        if self.page.url.startswith(self.url):
            self.page.evaluate("localStorage.clear(), sessionStorage.clear()")
        self.page.goto("about:blank")
        self.page.context.clear_cookies()
        self.page.mouse.move(0, 0)
        self.page.emulate_media(color_scheme="light")
        self.outside.clear()
        self.refused.clear()

    def resize(self, width: int, height: int = 900) -> None:
        """Give the window this size, and what is drawn the time to follow."""
        self.page.set_viewport_size({"width": width, "height": height})
        if self.page.url.startswith(self.url):
            self.settle()

    def expect_value(self, script: str, expected: object) -> None:
        """Wait until this expression of JavaScript has this value."""
        try:
            self.page.wait_for_function(
                f"expected => ({script}) === expected", arg=expected, timeout=_WAIT_MS
            )
        except TimedOut as error:
            message = f"{script} should be {expected!r}, it is {self.page.evaluate(script)!r}"
            raise AssertionError(message) from error

    def expect_fit(self, width: int) -> None:
        """Wait until nothing on the page sticks out of a window of this width."""
        self.expect_value(f"document.documentElement.scrollWidth <= {width}", expected=True)

    def stand_still(self) -> None:
        """Wait until nothing moves or fades any more."""
        self.settle()
        self.page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")

    def expect_map(self, what: str) -> None:
        """Wait until the map of this method, at this layer, is drawn: ``Grad-CAM at bn2``."""
        expect(self.page.locator(f'.st-key-viewer [alt$="{what}"]').first).to_be_attached()

    def settle(self) -> None:
        """Wait until no run of the script is asked for or under way, and the page has stopped to change."""
        self.page.wait_for_function("() => window.runs.haveSettled()", timeout=_SLOW_MS)

    def drop(self, name: str, content: bytes, mime: str = "image/png") -> None:
        """Drop a file onto the uploader, as from a desktop."""
        zone = self.page.get_by_test_id("stFileUploaderDropzone").first
        zone.wait_for()
        transfer = self.page.evaluate_handle(
            """([name, bytes, mime]) => {
                const transfer = new DataTransfer();
                const file = Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0));
                transfer.items.add(new File([file], name, { type: mime }));
                return transfer;
            }""",
            [name, base64.b64encode(content).decode(), mime],
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

    def show(self, view: str) -> None:
        """Take one of the views that a page offers side by side, and wait until it is drawn."""
        option = self.page.get_by_role("radio", name=view, exact=True)
        option.click()
        expect(option).to_be_checked()
        self.settle()

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
