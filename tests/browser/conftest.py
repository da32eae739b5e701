"""The app in a real browser: a server of our own, Chromium, and no request that leaves this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from core.checkpoints import paths
from tests.support.pages.server import CHROMIUM, FLAGS, HEADLESS, running_app
from tests.support.pages.window import App
from tests.support.stored.tested_digits import tested_digits

# A machine that checks a change may be busy; five seconds, the default, would fail there for no reason.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs Chromium, so that the quick subset leaves it out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    program = HEADLESS if HEADLESS.exists() else CHROMIUM
    if not program.exists():
        pytest.skip(f"no Chromium at {program}: apt-get install chromium")
    return {**browser_type_launch_args, "executable_path": str(program), "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 1000}}


@pytest.fixture
def checkpoints() -> Path:
    """The folder of the server's checkpoints, which is the same for all tests."""
    return paths.root()


@pytest.fixture(scope="module")
def tested() -> Iterator[str]:
    """The name of a checkpoint whose maps have been tested."""
    with tested_digits() as folder:
        yield folder.name


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of this app, as the README starts it; afterwards its log must show no traceback."""
    log = tmp_path_factory.mktemp("server") / "log"
    with running_app(log) as url:
        yield url
    assert "Traceback" not in log.read_text(), log.read_text()[-4000:]


@contextmanager
def _window(browser: Browser, context_args: dict[str, Any], url: str) -> Iterator[App]:
    """A window of a new browser profile."""
    with browser.new_context(**context_args) as context:
        yield App(context.new_page(), url)


@contextmanager
def _as_new(window: App, context_args: dict[str, Any]) -> Iterator[App]:
    """Lend a window, and take it back as it was; it may have asked for nothing outside of the app."""
    try:
        yield window
        assert not window.outside, f"requests left this machine: {window.outside}"
        assert not window.refused, f"the content security policy refused: {window.refused}"
    finally:
        window.clear()
        window.page.set_viewport_size(context_args["viewport"])


# One window for all tests: in a new one the browser would read and compile Streamlit's scripts again, which
# takes longer than most tests.
@pytest.fixture(scope="session")
def _first(browser: Browser, browser_context_args: dict[str, Any], app_url: str) -> Iterator[App]:
    with _window(browser, browser_context_args, app_url) as window:
        yield window


@pytest.fixture(scope="session")
def _second(browser: Browser, browser_context_args: dict[str, Any], app_url: str) -> Iterator[App]:
    with _window(browser, browser_context_args, app_url) as window:
        yield window


@pytest.fixture
def app(_first: App, browser_context_args: dict[str, Any]) -> Iterator[App]:
    """The user's window."""
    with _as_new(_first, browser_context_args) as window:
        yield window


@pytest.fixture
def colleague(_second: App, browser_context_args: dict[str, Any]) -> Iterator[App]:
    """The window of another user."""
    with _as_new(_second, browser_context_args) as window:
        yield window


@pytest.fixture(scope="session")
def cat() -> bytes:
    """A real photo that ships with scikit-image."""
    return (files("skimage.data") / "chelsea.png").read_bytes()


@pytest.fixture(scope="session")
def coffee() -> bytes:
    return (files("skimage.data") / "coffee.png").read_bytes()
