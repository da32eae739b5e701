"""Evaluations on the pages: pick one, add one, go on with one, delete one, and compare two data sets."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from streamlit.testing.v1 import AppTest

from core import places
from core.checkpoints import paths
from core.checkpoints.local import remembered_data
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.errors import DataError
from core.mistakes import results
from core.predictions import evaluations
from core.predictions.evaluating import background
from core.predictions.evaluations import Evaluation
from pages._ui.mistakes import exports
from pages._ui.session.data import image_access
from tests.support.looking import captions, component, components, metrics, opened
from tests.support.tiny_evaluation import noisy_pictures
from tests.support.two_evaluations import NUM_STREET, OWN, STREET, two_evaluations

MISTAKES, COMPARE = "pages/mistakes.py", "pages/compare.py"


@pytest.fixture
def name() -> Iterator[str]:
    with two_evaluations(f"test-evaluations-page-{os.getpid()}") as made:
        image_access.look_again()
        yield made
        image_access.look_again()


def folder(name: str) -> Path:
    return paths.root() / name


def table(name: str, evaluation: str) -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(folder(name), evaluation).table)


def text(page: AppTest) -> str:
    return " ".join(each.value for each in page.markdown).replace("\\", "")


def small(page: AppTest) -> str:
    return captions(page).replace("\\", "")


def tiles(page: AppTest) -> list[list[str]]:
    """The ids in each gallery."""
    found = [data["items"] for data in components(page) if str(data.get("label")).startswith("Samples")]
    return [[item["id"] for item in items] for items in found]


def right(rows: pd.DataFrame) -> pd.Series:
    return rows["label"] == rows["predicted"]


# Mistakes.


def test_the_first_is_of_its_own_data_and_says_what_it_is_of(name: str) -> None:
    page = opened(MISTAKES, checkpoint=name)
    assert not page.exception
    assert page.selectbox(key="evaluated_on").options == [OWN, STREET]
    assert page.query_params["evaluation"] == OWN
    assert (
        "359 images of digits, validation · evaluated 22 November 2026 · fingerprint 589ed330ced1"
        in small(page)
    )


def test_another_is_picked_by_hand_or_by_a_link(name: str) -> None:
    page, rows = opened(MISTAKES, checkpoint=name, sample="digits/677", page="2"), table(name, STREET)
    page.selectbox(key="evaluated_on").select(STREET).run()
    wrong = (~right(rows)).sum()
    assert metrics(page)["Mistakes"] == f"{wrong} of {NUM_STREET}"
    assert page.query_params["evaluation"] == STREET
    assert "sample" not in page.query_params
    assert (
        "120 images of street, validation · evaluated 24 November 2026 · fingerprint 555555555555"
        in small(page)
    )
    linked = opened(MISTAKES, checkpoint=name, evaluation=STREET)
    assert metrics(linked) == metrics(page)


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
    assert "**street-val**: 120 images of street" in text(page)
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


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What would have been started."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(background, "start", lambda *given, **_named: calls.append(given))
    return calls


def _digits_below(place: Path) -> Path:
    """A folder for each digit."""
    images = catalogue.load("digits")
    for index in range(20):
        target = place / str(images.labels[index]) / f"{index}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        images.image(index).save(target)
    return place


def asked(name: str, place: Path, given: str = "") -> AppTest:
    """The form of the dialogue, which AppTest does not run again by itself, filled in and sent."""
    page = AppTest.from_string(
        f"from pages._ui.kit.evaluations import evaluating\nevaluating._draw_form({name!r})",
        default_timeout=60,
    ).run()
    page.text_input(key="evaluation_folder").set_value(str(place))
    page.text_input(key="evaluation_name").set_value(given)
    page.button[0].click().run()
    assert not page.exception
    return page


def test_a_folder_can_be_evaluated_on_also_where_there_are_evaluations(
    name: str, started: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    page = opened(MISTAKES, checkpoint=name)
    page.button(key="evaluate_now").click().run()
    assert page.text_input(key="evaluation_folder")
    place = _digits_below(tmp_path / "beach")
    assert not asked(name, place).error
    assert started == [(folder(name), place, "val", "beach-val", "")]


def test_a_name_that_is_taken_by_other_images_gets_a_number_and_a_given_one_is_kept(
    name: str, started: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    place = _digits_below(tmp_path / "street")
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
    assert "The evaluation **beach** was interrupted after 0 images." in text(page)
    page.button(key="evaluation_go_on_beach").click().run()
    assert started == [(folder(name), None, "test", "beach")]
    page = opened(MISTAKES, checkpoint=name)
    page.button(key="evaluation_forget_beach").click().run()
    assert not page.exception
    assert "interrupted" not in text(page)
    assert not place.exists()


def test_pictures_are_those_of_the_evaluation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def images(evaluation: Evaluation, _typed: Path | None) -> ImageSet:
        asked.append(evaluation.name)
        if evaluation.name == STREET:
            raise DataError("nobody has said where they are")
        return catalogue.load("digits")

    monkeypatch.setattr(image_access, "images_of", images)
    assert not opened(MISTAKES, checkpoint=name).info
    page = opened(MISTAKES, checkpoint=name, evaluation=STREET)
    assert "Nobody has said where they are" in small(page)
    assert asked == [OWN, STREET]


def test_a_folder_that_is_named_for_pictures_is_remembered_for_that_evaluation(
    name: str, tmp_path: Path
) -> None:
    place = _digits_below(tmp_path / "street")
    page = opened(MISTAKES, checkpoint=name, evaluation=STREET)
    assert f"The folder of the images of '{STREET}' is unknown on this machine" in small(page)
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


# Compare: one network on two data sets.


def compared(name: str, show: str | None = None, **address: str) -> AppTest:
    shown = {"show": show} if show else {}
    page = opened(COMPARE, checkpoint=name, **{"with": f"{name}/{STREET}"}, **shown, **address)
    assert not page.exception
    return page


def test_mistakes_offers_what_it_can_be_compared_with(name: str) -> None:
    page = opened(MISTAKES, checkpoint=name)
    page.button(key=f"with_{name}/{STREET}").click().run()
    assert page.session_state["second_checkpoint"] == f"{name}/{STREET}"
    page.query_params.clear()
    page.switch_page(COMPARE).run()
    assert page.query_params["with"] == f"{name}/{STREET}"
    assert f"{name} is right on" in text(page)


def test_the_story_is_told_with_both_accuracies_and_their_difference(name: str) -> None:
    page = compared(name)
    first, second = (100 * right(table(name, each)).mean() for each in (OWN, STREET))
    said = text(page)
    assert f"is right on {first:.1f} % of 359 images of {OWN} and on {second:.1f} % of 120 images" in said
    assert f"{second - first:.1f} points, 95 % interval ".replace("-", "−") in said
    assert "It is very unlikely that chance alone makes street-val look harder." in said
    assert "McNemar" not in said + small(page)
    assert "Fisher's exact test" in small(page)
    assert metrics(page)["Accuracy"] == f"{first:.1f} % → {second:.1f} %"


def test_classes_are_listed_the_deepest_fall_first(name: str) -> None:
    drawn = compared(name).dataframe[0].value
    own, street = table(name, OWN), table(name, STREET)
    assert drawn["name"].tolist()[:2] == ["1", "7"]
    assert drawn["change"].is_monotonic_increasing
    for row in drawn.itertuples():
        before, after = (each[each["label"] == row.class_idx] for each in (own, street))
        assert (row.first_support, row.second_support) == (len(before), len(after))
        assert row.before == pytest.approx(100 * right(before).mean())
        assert row.after == pytest.approx(100 * right(after).mean())
        assert row.low <= row.change <= row.high


def test_matrices_are_shares_of_each_true_class_on_one_scale(name: str) -> None:
    first, second = (data for data in components(compared(name, "Matrices")) if "counts" in data)
    street = table(name, STREET)
    counts = pd.crosstab(street["label"], street["predicted"]).reindex(
        index=range(10), columns=range(10), fill_value=0
    )
    assert second["counts"] == counts.to_numpy().tolist()
    assert second["text"][1][2] == "100"
    # A fifth of a class is lighter on one than all of a class on the other.
    off = ~np.eye(10, dtype=bool)
    assert np.array(first["shade"])[off].max() < np.array(second["shade"])[off].max() == 1


def test_calibration_of_both_is_drawn(name: str) -> None:
    page = compared(name, "Calibration")
    eces = [results.read(folder(name), evaluation=each).metrics.ece for each in (OWN, STREET)]
    for ece in eces:
        assert f"Expected calibration error: **{100 * ece:.1f} %**" in captions(page)
    assert len(page.get("plotly_chart")) == 2


def test_samples_of_both_have_their_maps(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    images = catalogue.load("digits")

    def of(evaluation: Evaluation, _typed: Path | None) -> ImageSet:
        if evaluation.name == OWN:
            return images
        ids = table(name, STREET)["sample_id"].tolist()
        return ImageSet(
            "street", images.class_names, images.labels[: len(ids)], ids, images.image, evaluation.name
        )

    monkeypatch.setattr(image_access, "images_of", of)
    page = compared(name, "Samples")
    own, street = (table(name, each) for each in (OWN, STREET))
    expected = [
        rows[~right(rows)].sort_values("loss", ascending=False, kind="stable")["sample_id"].tolist()[:24]
        for rows in (own, street)
    ]
    assert tiles(page) == expected
    panes = [data for data in components(page) if "scroll_to" in data]
    assert [len(each["items"]) for each in panes] == [2, 2]
    assert {item["title"][:4] for each in panes for item in each["items"]} == {"For "}
    other = compared(name, "Samples", second_sample=expected[1][3])
    assert expected[1][3] in text(other)


def test_where_one_has_no_mistakes_its_right_ones_are_shown(name: str) -> None:
    page = compared(name, "Samples", true="1")
    assert "No mistakes here. These are right predictions, highest loss first." in captions(page)
    own = table(name, OWN)
    ones = own[(own["label"] == 1) & right(own)].sort_values("loss", ascending=False, kind="stable")
    assert tiles(page)[0] == ones["sample_id"].tolist()[:24]


def test_swap_turns_the_data_sets_round(name: str) -> None:
    page = compared(name)
    before = metrics(page)["Accuracy"].split(" → ")
    page.button(key="compare_swap").click().run()
    assert not page.exception
    assert metrics(page)["Accuracy"].split(" → ") == before[::-1]
    assert page.selectbox(key="evaluated_on").value == STREET
    assert page.selectbox(key="second_checkpoint").value == f"{name}/{OWN}"


def test_another_network_is_compared_sample_by_sample_on_the_evaluation_that_matches(name: str) -> None:
    page = opened(COMPARE, checkpoint="digits", **{"with": name})
    assert page.query_params["with"] == f"{name}/{OWN}"
    assert component(page, "piles")
    street = opened(COMPARE, checkpoint="digits", **{"with": f"{name}/{STREET}"})
    assert "No sample in common" in street.error[0].value


def test_the_one_that_is_looked_at_is_not_offered_beside_itself(name: str) -> None:
    page = opened(COMPARE, checkpoint=name, evaluation=STREET)
    assert page.selectbox(key="second_checkpoint").options == [f"{OWN}, same model"]
    assert SimpleNamespace(**page.query_params).evaluation == STREET
