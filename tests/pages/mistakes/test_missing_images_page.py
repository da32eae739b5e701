"""Without images, all numbers hold and the page says where to get them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.data.downloads import background
from core.data.downloads.progress import DownloadProgress
from core.errors import DataError
from core.predictions.evaluations import Evaluation
from pages._ui.session.data import image_access
from tests.support.pages.looking import captions, metrics, opened
from tests.support.pages.mistakes_page import PAGE, shown, table


@pytest.fixture
def without_images(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    def absent(_evaluation: Evaluation, _typed: Path | None) -> None:
        raise DataError("cannot find them in 'DIR'; get it from their publisher")

    monkeypatch.setattr(image_access, "images_of", absent)
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path))
    image_access.look_again()
    yield
    image_access.look_again()


@pytest.mark.usefixtures("without_images")
def test_without_images_all_numbers_hold_and_the_page_says_where_to_get_them() -> None:
    page, rows = opened(PAGE, checkpoint="malaria"), table("malaria")
    wrong = rows[rows["label"] != rows["predicted"]]
    assert not page.exception
    assert metrics(page)["Mistakes"] == f"{len(wrong)} of {len(rows)}"
    assert "The images are not on this machine" in page.expander[0].label
    assert "337 MB to download. Licence: none stated; published by the U.S." in captions(page)
    assert [each.label for each in page.button if each.key.startswith("download_start")] == ["Download"]
    assert set(shown(page)) == set(wrong["sample_id"])


@pytest.mark.usefixtures("without_images")
def test_a_download_under_way_says_how_far_it_is_and_can_be_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cancelled: list[str] = []
    under_way = background.Download(DownloadProgress(84 * 2**20, 337 * 2**20), is_stopping=False)
    monkeypatch.setattr(background, "under_way", lambda _name: under_way)
    monkeypatch.setattr(background, "cancel", cancelled.append)
    page = opened(PAGE, checkpoint="malaria")
    assert "84 MB of 337 MB, 25%" in page.get("progress")[0].proto.text
    next(each for each in page.button if each.label == "Cancel").click().run()
    assert cancelled == ["malaria"]
    assert not page.exception


@pytest.mark.usefixtures("without_images")
def test_visitors_of_a_server_read_why_and_download_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEWHY_VISITORS", "1")
    page = opened(PAGE, checkpoint="malaria")
    assert not [each for each in page.button if each.label == "Download"]
    assert "The images are not on this machine" in page.expander[0].label


@pytest.mark.usefixtures("without_images")
def test_without_images_a_sample_still_has_its_probabilities() -> None:
    first = table("malaria").iloc[0]
    page = opened(PAGE, checkpoint="malaria", sample=first["sample_id"])
    assert not page.exception
    assert "No image" in page.warning[0].value
    assert f"loss {first['loss']:.2f} nats" in captions(page)


def test_images_that_have_changed_since_are_said_to_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_access, "data_has_changed", lambda _folder, _images: True)
    image_access.look_again()
    page = opened(PAGE, checkpoint="digits")
    image_access.look_again()
    assert "have changed since the evaluation" in page.warning[0].value


def test_a_folder_without_images_is_refused_in_words(tmp_path: Path) -> None:
    page = opened(PAGE, checkpoint="imagenet")
    page.text_input(key="evaluation_folder").set_value(str(tmp_path))
    page.button[0].click().run()
    assert not page.exception
    assert "is not a folder of labelled images" in page.error[0].value
