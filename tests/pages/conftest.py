"""What tests of pages have in common: nothing is remembered of another test."""

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import local_script_runner
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from core import error_log
from core.checkpoints.store import Checkpoint
from core.explain.ascent import Ascended, OnProgress
from core.inside.ascents import images
from core.inside.ascents.images import AscentQuestion
from pages._ui.inside.state import ascents


@pytest.fixture(scope="session", autouse=True)
def _one_look_at_packages() -> Iterator[None]:
    """Each `AppTest` would look through all installed packages for components, longer than our page takes."""
    with pytest.MonkeyPatch.context() as patch:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(scope="session", autouse=True)
def _quiet_waits() -> Iterator[None]:
    """`AppTest` would ask every millisecond whether the page is done, which slows the page, and give up."""

    def wait(runner: LocalScriptRunner, _timeout: float) -> None:
        runner.join()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        yield


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Ascent images and downloads of a test are its own."""
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path / "downloaded"))
    ascents.forget()
    yield
    ascents.forget()


@pytest.fixture
def _may_fail() -> None:
    """For tests that make the app fail in a way that nobody expects."""


@pytest.fixture(autouse=True)
def _no_fault(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """A page shows a fault of ours as a message: no test passes over one."""
    found: list[str] = []
    record = error_log.record

    def noted(error: BaseException, doing: str) -> error_log.LoggedError:
        found.append(f"while {doing}: {error!r}")
        return record(error, doing)

    monkeypatch.setattr(error_log, "record", noted)
    yield
    assert "_may_fail" in request.fixturenames or found == []


@pytest.fixture
def _no_ascent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ascending a large network takes seconds; where that is not the question, it is a grey image."""

    def ascended(
        _checkpoint: Checkpoint, asked: AscentQuestion, *, on_progress: OnProgress
    ) -> Iterator[Ascended]:
        on_progress(1)
        for channel in asked.channels:
            yield Ascended(channel, np.full((8, 8, 3), 128, np.uint8), 1.0, is_dead=False)

    monkeypatch.setattr(images, "ascended", ascended)
