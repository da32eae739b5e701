"""A folder that one person types is nobody else's where the server has visitors."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths, store
from core.files.places import ROOTS, VISITORS
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import open_images, samples_of
from pages._ui.session.data import image_access
from tests.support.pages.looking import components, opened
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint

NAME = "test-visitors"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkpoint that was evaluated on a folder which is remembered with it."""
    pictures = noisy_pictures(tmp_path / "data" / "mine")
    (pictures / "mole" / "1.png").unlink()
    monkeypatch.setenv(ROOTS, str(tmp_path / "data"))
    try:
        folder = random_checkpoint(NAME)
        samples = samples_of(store.read_card(folder), open_images(folder, pictures), "all")
        evaluate(folder, samples, keep=Keep(data=pictures))
        image_access.look_again()
        yield pictures
    finally:
        shutil.rmtree(paths.root() / NAME, ignore_errors=True)


def shows_pictures(page: AppTest) -> bool:
    assert not page.exception
    assert not page.error
    return not any("The images are not on this machine" in each.label for each in page.expander)


def mistakes(data: Path) -> AppTest:
    sample = next(data.rglob("*.png")).relative_to(data).as_posix()
    return opened("pages/mistakes.py", checkpoint=NAME, sample=sample)


def named(page: AppTest, folder: Path) -> AppTest:
    return (
        next(each for each in page.text_input if str(each.key).startswith("image_folder"))
        .set_value(str(folder))
        .run()
    )


def test_who_owns_the_machine_sees_what_is_remembered(data: Path) -> None:
    assert shows_pictures(mistakes(data))


@pytest.mark.slow
def test_a_visitor_sees_only_folders_of_their_own_naming(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISITORS, "1")
    assert not shows_pictures(mistakes(data))
    first = named(mistakes(data), data)
    assert shows_pictures(first)
    assert not shows_pictures(mistakes(data))
    assert shows_pictures(first.run())


def test_a_visitor_s_folder_is_not_remembered_for_others(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = shutil.copytree(data, data.parent / "other")
    monkeypatch.setenv(VISITORS, "1")
    assert shows_pictures(named(mistakes(data), other))
    monkeypatch.delenv(VISITORS)
    remembered = [path.read_text() for path in (paths.root() / NAME).rglob("local.json")]
    assert remembered
    assert not any("other" in text for text in remembered)


@pytest.mark.slow
@pytest.mark.parametrize("visitors", ["", "1"])
def test_no_page_opens_a_folder_outside_of_the_roots(
    data: Path, monkeypatch: pytest.MonkeyPatch, visitors: str
) -> None:
    monkeypatch.setenv(VISITORS, visitors)
    outside = shutil.copytree(data, data.parents[1] / "outside")
    (data.parent / "link").symlink_to(outside)
    train = opened("pages/train.py")
    train.selectbox(key="train_data_digits").select("A folder of mine…").run()
    form = opened("pages/mistakes.py", checkpoint="imagenet")
    for folder in (outside, data.parent / "link", data / ".." / ".." / "outside"):
        train.text_input(key="train_folder").set_value(str(folder)).run()
        assert "is not in a folder that this server may open" in train.error[0].value
        form.text_input(key="evaluation_folder").set_value(str(folder))
        form.button[0].click().run()
        assert "is not in a folder that this server may open" in form.error[0].value


@pytest.mark.slow
def test_visitors_name_no_folder_where_none_is_listed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISITORS, "1")
    monkeypatch.delenv(ROOTS)
    train = opened("pages/train.py")
    train.selectbox(key="train_data_digits").select("A folder of mine…").run()
    train.text_input(key="train_folder").set_value(str(data)).run()
    assert "this server opens no folders" in train.error[0].value.lower()


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent", "data")
def test_inside_offers_a_visitor_no_images_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = [each.get("label") for each in components(opened("pages/inside.py", checkpoint=NAME))]
    monkeypatch.setenv(VISITORS, "1")
    others = [each.get("label") for each in components(opened("pages/inside.py", checkpoint=NAME))]
    assert len(labels) > len(others)
