"""From a link to a group of mistakes to the proof of its fix, in a real browser."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from core.checkpoints import paths
from tests.support.pages.window import App

_FIX_MS = 120_000
_FIXED = "shortcut-fixed"


@pytest.fixture
def _without_fixed() -> Iterator[None]:
    """The fixed checkpoint is gone afterwards."""
    yield
    shutil.rmtree(paths.folder(_FIXED), ignore_errors=True)


@pytest.mark.usefixtures("_without_fixed")
def test_a_fix_in_a_linked_group_is_compared_with_the_linked_model(app: App) -> None:
    """Only the address names the model: it must stay when the page changes by itself."""
    app.open("/mistakes?checkpoint=shortcut&evaluation=shortcut-val&view=Groups")
    app.page.get_by_role("button", name="Fix").first.click()
    app.page.get_by_role("button", name="Make the fix").click()
    said = app.page.get_by_text(re.compile("Fix of shortcut for"))
    expect(said).to_contain_text("It helped", timeout=_FIX_MS)
    assert "checkpoint=shortcut&" in app.page.url
    assert f"with={_FIXED}" in app.page.url
