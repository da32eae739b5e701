"""A checkpoint with two evaluations."""

import os
from collections.abc import Iterator

import pytest

from pages._ui.session.data import image_access
from tests.support.stored.two_evaluations import two_evaluations


@pytest.fixture
def name() -> Iterator[str]:
    with two_evaluations(f"test-evaluations-page-{os.getpid()}") as made:
        image_access.look_again()
        yield made
        image_access.look_again()
