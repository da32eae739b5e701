"""The app in a real browser: a server of our own, Chromium, and no request that leaves this machine."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.window import App

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of this app, as the README starts it; afterwards its log must show no traceback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with log.open("wb") as sink:
        server = subprocess.Popen(command, cwd=ROOT, stdout=sink, stderr=sink, env=os.environ)  # noqa: S603
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_healthy(url)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=20)
    assert "Traceback" not in log.read_text(), log.read_text()[-4000:]


@pytest.fixture
def app(page: Page, app_url: str) -> Iterator[App]:
    window = App(page, app_url)
    yield window
    assert not window.outside, f"requests left this machine: {window.outside}"


@pytest.fixture(scope="session")
def cat() -> bytes:
    """A real photo that ships with scikit-image."""
    return (files("skimage.data") / "chelsea.png").read_bytes()


@pytest.fixture(scope="session")
def coffee() -> bytes:
    return (files("skimage.data") / "coffee.png").read_bytes()


def _wait_until_healthy(url: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:  # noqa: S310
                if answer.read() == b"ok":
                    return
        except OSError:
            pass
        time.sleep(0.25)
    raise TimeoutError(f"the app did not start at {url}")
