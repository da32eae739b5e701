"""The page Train, as it opens."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.paths import ROOT


@pytest.fixture
def train() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    return app.switch_page("pages/train.py").run()
