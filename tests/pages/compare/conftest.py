"""Compare without the images of the shipped data sets, and with two networks on the digits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pages._ui.session.data import image_access
from tests.support.pages.compare_page import absent


@pytest.fixture(autouse=True)
def _without_images(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[None]:
    """No images, whatever lies on this machine; those of the digits are everywhere."""
    if "digits" not in request.fixturenames:
        monkeypatch.setattr(image_access, "images_of", absent)
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path))
    image_access.look_again()
    yield
    image_access.look_again()
