"""Without checkpoints every page says what to do; a broken one closes no page and is named."""

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths, store
from core.checkpoints.paths import CARD
from tests.support.pages.looking import ROOT, as_read, captions, metrics, opened

PAGES = ["app.py", "pages/explain.py", "pages/mistakes.py", "pages/compare.py", "pages/inside.py"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of checkpoints that is empty, and where the pages look for them."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    monkeypatch.setenv(paths.VARIABLE, str(folder))
    return folder


def _home() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def _odd(root: Path, **values: object) -> None:
    """A copy of a checkpoint whose card has other values."""
    shutil.copytree(ROOT / "checkpoints" / "digits", root / "odd")
    path = root / "odd" / CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("path", PAGES)
def test_without_a_checkpoint_a_page_is_a_welcome(path: str) -> None:
    page = _home() if path == "app.py" else opened(path)
    assert not page.exception
    assert [each.value for each in page.header] == ["There is no model yet"]
    assert [each.label for each in page.button if each.key.startswith("welcome")] == [
        "Use the ImageNet model",
        "Train one",
    ]


@pytest.mark.slow
def test_one_click_adds_the_network_that_is_installed(root: Path) -> None:
    page = _home()
    page.button(key="welcome_built_in").click().run()
    assert not page.exception
    assert metrics(page)["Classes"] == "1,000"
    assert store.read_card(root / "imagenet") == store.read_card(ROOT / "checkpoints" / "imagenet")


@pytest.mark.usefixtures("root")
def test_training_needs_no_checkpoint() -> None:
    page = opened("pages/train.py")
    assert not page.exception
    assert page.button(key="train_start")


def test_a_folder_that_is_a_file_is_said(root: Path) -> None:
    root.rmdir()
    root.touch()
    page = _home()
    assert not page.exception
    assert "not a directory" in page.error[0].value
    assert not opened("pages/train.py").exception


@pytest.mark.parametrize("path", ["app.py", "pages/train.py"])
def test_a_broken_one_is_named_and_the_others_answer(root: Path, path: str) -> None:
    shutil.copytree(ROOT / "checkpoints" / "digits", root / "digits")
    _odd(root, metrics=None)
    page = _home() if path == "app.py" else opened(path)
    assert not page.exception
    assert not page.error
    assert page.sidebar.selectbox(key="checkpoint").options == ["digits"]
    assert page.sidebar.expander[0].label == "1 checkpoint cannot be used"
    assert "metrics is null: expected an object" in captions(page.sidebar)


def test_where_all_are_broken_the_page_is_a_welcome_that_names_them(root: Path) -> None:
    _odd(root, class_names=[])
    page = _home()
    assert [each.value for each in page.header] == ["There is no model yet"]
    assert "class_names is a list" in captions(page.sidebar)


def test_a_link_to_a_broken_one_says_why_another_is_shown(root: Path) -> None:
    shutil.copytree(ROOT / "checkpoints" / "digits", root / "digits")
    _odd(root, preprocess=None)
    page = opened("pages/mistakes.py", checkpoint="odd")
    assert not page.exception
    assert "odd cannot be used" in page.warning[0].value
    assert "The page shows another model" in as_read(page.warning[0].value)
    assert metrics(page)["Accuracy"] == "98.9%"


def test_weights_that_cannot_be_read_leave_home_as_it_is(root: Path) -> None:
    shutil.copytree(ROOT / "checkpoints" / "digits", root / "torn")
    (root / "torn" / paths.WEIGHTS).write_bytes(b"no weights")
    page = _home()
    assert not page.exception
    assert "is damaged" in page.error[0].value
    assert [each.value for each in page.header] == ["Model", "Pages"]
