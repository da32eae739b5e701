"""The page Train, as it opens."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.pages.looking import opened


@pytest.fixture
def train() -> AppTest:
    return opened("pages/train.py")
