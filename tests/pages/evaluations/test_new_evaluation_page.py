"""A folder of images can be evaluated from the page, and the progress is shown."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from core.passes.progress import PassProgress
from core.predictions import evaluations
from core.predictions.evaluating import background
from core.predictions.evaluating.workplace import Workplace
from tests.support.pages.evaluations_page import MISTAKES, asked, body_text, digits_below, folder
from tests.support.pages.looking import metrics, opened
from tests.support.stored.tiny_evaluation import noisy_pictures
from tests.support.stored.two_evaluations import NUM_STREET, OWN, STREET


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What would have been started."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(background, "start", lambda *given, **_named: calls.append(given))
    return calls


def test_a_folder_can_be_evaluated_on_also_where_there_are_evaluations(
    name: str, started: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    page = opened(MISTAKES, checkpoint=name)
    page.button(key="evaluate_now").click().run()
    assert page.text_input(key="evaluation_folder")
    place = digits_below(tmp_path / "beach")
    assert not asked(name, place).error
    assert started == [(folder(name), place, "val", "beach-val", "")]


def test_a_name_that_is_taken_by_other_images_gets_a_number_and_a_given_one_is_kept(
    name: str, started: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    place = digits_below(tmp_path / "street")
    for given in ("", "mine"):
        asked(name, place, given)
    assert [each[3] for each in started] == ["street-val-2", "mine"]


def test_what_cannot_be_evaluated_on_is_a_sentence_and_nothing_is_lost(name: str, tmp_path: Path) -> None:
    assert "class" in asked(name, noisy_pictures(tmp_path / "zoo")).error[0].value
    assert [each.name for each in evaluations.every(folder(name))] == [OWN, STREET]


def test_while_one_is_made_the_others_can_be_seen_and_then_it_is_looked_at(name: str) -> None:
    page = opened(MISTAKES, checkpoint=name)
    page.session_state["evaluation_waited_for"] = (name, STREET)
    lock = evaluations.lock_of(folder(name), STREET)
    lock.parent.mkdir()
    with FileLock(lock):
        page.run()
        assert "**street" in page.info[0].value.replace("\\", "")
        Workplace(folder(name), STREET, "key", 2500).progress_file.write(PassProgress(1024, 2500, 56.0))
        page.run()
        assert "is being evaluated: 1,024 of 2,500 images, 56 a second, 26 s left. You" in page.info[0].value
        assert page.selectbox(key="evaluated_on").value == OWN
    shutil.rmtree(lock.parent)
    page.run()
    assert page.selectbox(key="evaluated_on").value == STREET
    assert metrics(page)["Mistakes"].endswith(f" of {NUM_STREET}")


def test_why_one_has_ended_without_results_is_said_once(name: str) -> None:
    evaluations.log_of(folder(name), "beach").write_text("error: the disk is full\n")
    page = opened(MISTAKES, checkpoint=name)
    page.session_state["evaluation_waited_for"] = (name, "beach")
    page.run()
    assert "The evaluation ended without results: the disk is full" in page.error[0].value.replace("\\", "")
    page.run()
    assert not page.error


def test_an_interrupted_one_goes_on_or_is_forgotten(name: str, started: list[tuple[Any, ...]]) -> None:
    place = evaluations.workplace(folder(name), "beach")
    place.mkdir()
    evaluations.write_facts(place, evaluations.Facts(data="beach", split="test"))
    page = opened(MISTAKES, checkpoint=name)
    assert "The evaluation **beach** was interrupted after 0 images." in body_text(page)
    page.button(key="evaluation_go_on_beach").click().run()
    assert started == [(folder(name), None, "test", "beach")]
    page = opened(MISTAKES, checkpoint=name)
    page.button(key="evaluation_forget_beach").click().run()
    assert not page.exception
    assert "interrupted" not in body_text(page)
    assert not place.exists()
