"""The app in a real browser: a server of our own, Chromium, and no request that leaves this machine."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.checkpoints import paths
from tests.support.server import CHROMIUM, FLAGS, running_app
from tests.support.window import App

# A machine that checks a change may be busy; five seconds, the default, would fail there for no reason.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs Chromium, so that the quick subset leaves it out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshot-readme", action="store_true", help="write the picture that README shows")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium")
    return {**browser_type_launch_args, "executable_path": str(CHROMIUM), "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 1000}}


@pytest.fixture
def checkpoints() -> Path:
    """The folder of the server's checkpoints, which is the same for all tests."""
    return paths.root()


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of this app, as the README starts it; afterwards its log must show no traceback."""
    log = tmp_path_factory.mktemp("server") / "log"
    with running_app(log) as url:
        yield url
    assert "Traceback" not in log.read_text(), log.read_text()[-4000:]


@pytest.fixture
def app(page: Page, app_url: str) -> Iterator[App]:
    window = App(page, app_url)
    yield window
    assert not window.outside, f"requests left this machine: {window.outside}"
    assert not window.refused, f"the content security policy refused: {window.refused}"


@pytest.fixture(scope="session")
def cat() -> bytes:
    """A real photo that ships with scikit-image."""
    return (files("skimage.data") / "chelsea.png").read_bytes()


@pytest.fixture(scope="session")
def coffee() -> bytes:
    return (files("skimage.data") / "coffee.png").read_bytes()
