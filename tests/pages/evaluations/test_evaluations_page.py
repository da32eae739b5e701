"""Mistakes shows one evaluation of several: the one that is picked by hand or by a link."""

import shutil
from pathlib import Path

import pytest

from core.checkpoints.local import remembered_data
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.errors import DataError
from core.files import places
from core.mistakes import results
from core.predictions import evaluations
from core.predictions.evaluations import Evaluation
from pages._ui.mistakes import exports
from pages._ui.session.data import image_access
from tests.support.pages.evaluations_page import (
    MISTAKES,
    body_text,
    digits_below,
    folder,
    is_right,
    small_print,
    table_of,
)
from tests.support.pages.looking import metrics, opened
from tests.support.stored.two_evaluations import NUM_STREET, OWN, STREET


def test_the_first_is_of_its_own_data_and_says_what_it_is_of(name: str) -> None:
    page = opened(MISTAKES, checkpoint=name)
    assert not page.exception
    assert page.selectbox(key="evaluated_on").options == [OWN, STREET]
    assert page.query_params["evaluation"] == OWN
    assert (
        "359 images of digits, validation · evaluated 22 November 2026 · fingerprint 589ed330ced1"
        in small_print(page)
    )


@pytest.mark.slow
def test_another_is_picked_by_hand_or_by_a_link(name: str) -> None:
    page, rows = opened(MISTAKES, checkpoint=name, sample="digits/677", page="2"), table_of(name, STREET)
    page.selectbox(key="evaluated_on").select(STREET).run()
    wrong = (~is_right(rows)).sum()
    assert metrics(page)["Mistakes"] == f"{wrong} of {NUM_STREET}"
    assert page.query_params["evaluation"] == STREET
    assert "sample" not in page.query_params
    assert (
        "120 images of street, validation · evaluated 24 November 2026 · fingerprint 555555555555"
        in small_print(page)
    )
    linked = opened(MISTAKES, checkpoint=name, evaluation=STREET)
    assert metrics(linked) == metrics(page)


@pytest.mark.slow
def test_the_choice_survives_another_page_and_ends_with_another_checkpoint(name: str) -> None:
    page = opened(MISTAKES, checkpoint=name, evaluation=STREET)
    for path in ("pages/explain.py", MISTAKES):
        page.query_params.clear()
        page.switch_page(path).run()
    assert page.selectbox(key="evaluated_on").value == STREET
    assert page.query_params["evaluation"] == STREET
    page.selectbox(key="checkpoint").select("malaria").run()
    assert not page.exception
    assert (page.selectbox(key="evaluated_on").value, page.query_params["evaluation"]) == ("malaria-val",) * 2


def test_one_that_is_not_there_is_said_not_to_be(name: str) -> None:
    page = opened(MISTAKES, checkpoint=name, evaluation="beach")
    assert "has no evaluation beach; this is another one" in page.warning[0].value.replace("\\", "")
    assert metrics(page)["Mistakes"] == "4 of 359"
    page.segmented_control(key="only").set_value("all").run()
    assert not page.warning


def test_other_weights_than_those_that_were_evaluated_are_said(name: str) -> None:
    found = evaluations.find(folder(name), STREET)
    evaluations.write_facts(found.folder, evaluations.Facts(data="street", weights_sha256="other"))
    assert "weights have changed" in opened(MISTAKES, checkpoint=name, evaluation=STREET).warning[0].value


def test_deleting_is_asked_first_and_leaves_the_others(name: str) -> None:
    page = opened(MISTAKES, checkpoint=name, evaluation=STREET)
    page.button(key="evaluation_delete").click().run()
    assert "**street-val**: 120 images of street" in body_text(page)
    page.button(key="evaluation_keep").click().run()
    assert len(evaluations.every(folder(name))) == 2
    page.button(key="evaluation_delete").click().run()
    page.button(key="evaluation_delete_sure").click().run()
    assert not page.exception
    assert [each.name for each in evaluations.every(folder(name))] == [OWN]
    assert page.selectbox(key="evaluated_on").value == OWN
    assert metrics(page)["Mistakes"] == "4 of 359"


def test_a_visitor_deletes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.VISITORS, "1")
    page = opened(MISTAKES, checkpoint=name)
    assert not page.exception
    assert "evaluation_delete" not in {button.key for button in page.button}


def test_where_the_last_is_deleted_the_page_offers_to_evaluate(name: str) -> None:
    shutil.rmtree(evaluations.place(folder(name), STREET))
    page = opened(MISTAKES, checkpoint=name)
    page.button(key="evaluation_delete").click().run()
    page.button(key="evaluation_delete_sure").click().run()
    assert not page.exception
    assert "has not been evaluated yet" in page.info[0].value


def test_pictures_are_those_of_the_evaluation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def images(evaluation: Evaluation, _typed: Path | None) -> ImageSet:
        asked.append(evaluation.name)
        if evaluation.name == STREET:
            raise DataError("the folder of the images is not known")
        return catalogue.load("digits")

    monkeypatch.setattr(image_access, "images_of", images)
    assert not opened(MISTAKES, checkpoint=name).info
    page = opened(MISTAKES, checkpoint=name, evaluation=STREET)
    assert "The folder of the images is not known" in small_print(page)
    assert asked == [OWN, STREET]


def test_a_folder_that_is_named_for_pictures_is_remembered_for_that_evaluation(
    name: str, tmp_path: Path
) -> None:
    place = digits_below(tmp_path / "street")
    page = opened(MISTAKES, checkpoint=name, evaluation=STREET)
    assert f"The folder of the images of '{STREET}' is unknown on this machine" in small_print(page)
    page.text_input(key=f"image_folder_{name}/{STREET}").set_value(str(place)).run()
    assert not page.exception
    assert remembered_data(evaluations.find(folder(name), STREET).folder) == place
    assert (remembered_data(folder(name)), remembered_data(evaluations.place(folder(name), OWN))) == (
        None,
        None,
    )


def test_a_report_names_the_evaluation(name: str) -> None:
    about = exports._about(results.read(folder(name), evaluation=STREET))
    assert (about.evaluation, about.data, about.fingerprint) == (STREET, "street", "5" * 32)
    assert (about.split, about.evaluated) == ("val", "2026-11-24")
