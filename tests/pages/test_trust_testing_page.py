"""The maps of a network are tested from the page: form, progress, stop, and what was interrupted."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths
from core.errors import EvaluationError
from core.files import locks, places
from core.passes.progress import PassProgress
from core.trust.testing import background, workplace
from core.trust.testing.workplace import TrustOptions
from tests.support.pages.evaluations_page import digits_below
from tests.support.pages.looking import as_read, captions, component, opened
from tests.support.results.trust_reports import evidence, write_report
from tests.support.stored.tiny_evaluation import noisy_pictures


@pytest.fixture
def folder(checkpoints: Path) -> Path:
    """A checkpoint of digits of its own, whose maps have not been tested."""
    place = checkpoints / "untested"
    shutil.copytree(checkpoints / "digits", place, ignore=shutil.ignore_patterns("trust*"))
    return place


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[TrustOptions]:
    """The options of the tests that would have been started."""
    calls: list[TrustOptions] = []
    monkeypatch.setattr(background, "start", lambda _folder, options: calls.append(options))
    return calls


def _page(folder: Path) -> AppTest:
    page = opened("pages/trust.py", checkpoint=folder.name)
    assert not page.exception
    return page


def _form(folder: Path) -> AppTest:
    """The form of the dialogue, which AppTest does not run again by itself."""
    script = f"from pages._ui.trust import testing\ntesting.draw_form({folder.name!r})"
    return AppTest.from_string(script, default_timeout=60).run()


def _asked(folder: Path, place: Path | str) -> AppTest:
    page = _form(folder)
    page.text_input(key="trust_test_folder").set_value(str(place))
    page.button[0].click().run()
    assert not page.exception
    return page


def _text(page: AppTest) -> str:
    return as_read(" ".join(each.value for each in page.markdown))


def _keys(page: AppTest) -> set[str | None]:
    return {button.key for button in page.button}


def test_an_untested_network_is_tested_on_the_images_of_its_evaluation(
    folder: Path, started: list[TrustOptions]
) -> None:
    page = _page(folder)
    assert f"python -m core trust {folder.name} --data FOLDER" in captions(page)
    page.number_input(key="trust_test_samples").set_value(7)
    next(button for button in page.button if button.label == "Test maps").click().run()
    assert not page.error
    assert started == [TrustOptions(samples=7)]


def test_photos_of_a_folder_need_no_labels(folder: Path, started: list[TrustOptions], tmp_path: Path) -> None:
    flat = noisy_pictures(tmp_path / "photos") / "mole"
    assert not _asked(folder, flat).error
    assert not _asked(folder, digits_below(tmp_path / "digits")).error
    assert started == [TrustOptions(data=str(flat)), TrustOptions(data=str(tmp_path / "digits"))]


def test_masks_come_from_a_folder_of_their_own(
    folder: Path, started: list[TrustOptions], tmp_path: Path
) -> None:
    page = _form(folder)
    page.text_input(key="trust_test_masks").set_value(str(tmp_path))
    page.button[0].click().run()
    assert started == [TrustOptions(masks=str(tmp_path))]
    page.text_input(key="trust_test_masks").set_value("/none")
    page.button[0].click().run()
    assert "There is no folder" in as_read(page.error[0].value)
    assert len(started) == 1


def test_what_cannot_be_tested_is_a_sentence(
    folder: Path, started: list[TrustOptions], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "There is no folder" in as_read(_asked(folder, "/none").error[0].value)

    def refuse(_folder: Path, _options: TrustOptions) -> None:
        raise EvaluationError("no images below 'photos'")

    monkeypatch.setattr(background, "start", refuse)
    assert as_read(_asked(folder, tmp_path).error[0].value) == "No images below 'photos'."
    assert started == []


def test_visitors_choose_among_allowed_folders_and_replace_no_report(
    folder: Path, started: list[TrustOptions], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(places.VISITORS, "1")
    assert "opens no folders" in as_read(_asked(folder, tmp_path).error[0].value)
    monkeypatch.setenv(places.ROOTS, str(tmp_path))
    assert not _asked(folder, noisy_pictures(tmp_path / "photos")).error
    assert len(started) == 1
    write_report(folder, evidence("grad_cam", "block3", 0.4))
    assert "trust_again" not in _keys(_page(folder))
    monkeypatch.delenv(places.VISITORS)
    assert "trust_again" in _keys(_page(folder))


def test_the_progress_replaces_the_form_and_leaves_an_earlier_report(folder: Path) -> None:
    workplace.begin(folder, TrustOptions())
    with locks.held(folder / paths.TRUST_WORK / paths.LOCK, AssertionError()):
        page = _page(folder)
        assert not page.text_input
        (bar,) = page.get("progress")
        assert bar.proto.text.startswith("Testing maps: starting.")
        workplace.reporting(folder)(PassProgress(6, 24, 0.5))
        (bar,) = page.run().get("progress")
        assert bar.proto.value == 25
        assert bar.proto.text.startswith("Testing maps: 6 of 24 images, 0.5 a second, 36 s left.")
        page.button(key="trust_test_stop").click().run()
        assert page.button(key="trust_test_stop").label == "Stopping…"
        assert page.button(key="trust_test_stop").disabled
        write_report(folder, evidence("grad_cam", "block3", 0.4))
        page = _page(folder)
        assert component(page, "cells")["rows"][0]["label"] == "Grad-CAM"
        assert "trust_again" not in _keys(page)


@pytest.mark.parametrize(
    ("log", "is_stopped", "sentence"),
    [
        ("", False, "The test of the maps was interrupted after 6 of 24 photos."),
        (
            "error: stopped; finished work is kept",
            True,
            "The test of the maps was stopped after 6 of 24 photos.",
        ),
        (
            "error: the disk is full",
            False,
            "The test of the maps failed after 6 of 24 photos. The disk is full.",
        ),
    ],
)
def test_what_was_interrupted_is_resumed_or_deleted(
    folder: Path, started: list[TrustOptions], log: str, sentence: str, *, is_stopped: bool
) -> None:
    options = TrustOptions(data="/photos", seed=3, methods=("grad_cam",))
    workplace.begin(folder, options)
    workplace.reporting(folder)(PassProgress(6, 24))
    with locks.held(folder / paths.TRUST_WORK / paths.LOCK, AssertionError()):
        if is_stopped:
            workplace.ask_to_stop(folder)
    workplace.log_of(folder).write_text(log)
    page = _page(folder)
    assert sentence in _text(page)
    page.button(key=f"trust_test_go_on_{folder.name}").click().run()
    assert started == [options]
    page = _page(folder)
    page.button(key=f"trust_test_forget_{folder.name}").click().run()
    assert "The test of the maps" not in _text(page)
    assert not (folder / paths.TRUST_WORK).exists()
