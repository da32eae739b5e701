"""Compare shows one network on two data sets."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.mistakes import results
from core.predictions.evaluations import Evaluation
from pages._ui.session.data import image_access
from tests.support.pages.evaluations_page import (
    COMPARE,
    MISTAKES,
    body_text,
    folder,
    is_right,
    small_print,
    table_of,
)
from tests.support.pages.looking import captions, component, components, metrics, opened
from tests.support.stored.two_evaluations import OWN, STREET


def tiles(page: AppTest) -> list[list[str]]:
    """The ids in each gallery."""
    found = [data["items"] for data in components(page) if str(data.get("label")).startswith("Samples")]
    return [[item["id"] for item in items] for items in found]


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
    assert f"{name} is right on" in body_text(page)


def test_the_story_is_told_with_both_accuracies_and_their_difference(name: str) -> None:
    page = compared(name)
    first, second = (100 * is_right(table_of(name, each)).mean() for each in (OWN, STREET))
    said = body_text(page)
    assert f"is right on {first:.1f}% of 359 images of {OWN} and on {second:.1f}% of 120 images" in said
    assert f"{second - first:.1f} points, 95% interval ".replace("-", "−") in said
    assert "It is very unlikely that chance alone makes street-val look harder." in said
    assert "McNemar" not in said + small_print(page)
    assert "Fisher's exact test" in small_print(page)
    assert metrics(page)["Accuracy"] == f"{first:.1f}% → {second:.1f}%"


def test_classes_are_listed_the_deepest_fall_first(name: str) -> None:
    drawn = compared(name).dataframe[0].value
    own, street = table_of(name, OWN), table_of(name, STREET)
    assert drawn["name"].tolist()[:2] == ["1", "7"]
    assert drawn["change"].is_monotonic_increasing
    for row in drawn.itertuples():
        before, after = (each[each["label"] == row.class_idx] for each in (own, street))
        assert (row.first_support, row.second_support) == (len(before), len(after))
        assert row.before == pytest.approx(100 * is_right(before).mean())
        assert row.after == pytest.approx(100 * is_right(after).mean())
        assert row.low <= row.change <= row.high


def test_matrices_are_shares_of_each_true_class_on_one_scale(name: str) -> None:
    first, second = (data for data in components(compared(name, "Matrices")) if "counts" in data)
    street = table_of(name, STREET)
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
        assert f"Expected calibration error: **{100 * ece:.1f}%**" in captions(page)
    assert len(page.get("plotly_chart")) == 2


@pytest.mark.slow
def test_samples_of_both_have_their_maps(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    images = catalogue.load("digits")

    def of(evaluation: Evaluation, _typed: Path | None) -> ImageSet:
        if evaluation.name == OWN:
            return images
        ids = table_of(name, STREET)["sample_id"].tolist()
        return ImageSet(
            "street", images.class_names, images.labels[: len(ids)], ids, images.image, evaluation.name
        )

    monkeypatch.setattr(image_access, "images_of", of)
    page = compared(name, "Samples")
    own, street = (table_of(name, each) for each in (OWN, STREET))
    expected = [
        rows[~is_right(rows)].sort_values("loss", ascending=False, kind="stable")["sample_id"].tolist()[:24]
        for rows in (own, street)
    ]
    assert tiles(page) == expected
    panes = [data for data in components(page) if "scroll_to" in data]
    assert [len(each["items"]) for each in panes] == [2, 2]
    assert {item["title"][:4] for each in panes for item in each["items"]} == {"For "}
    other = compared(name, "Samples", second_sample=expected[1][3])
    assert expected[1][3] in body_text(other)


def test_where_one_has_no_mistakes_its_right_ones_are_shown(name: str) -> None:
    page = compared(name, "Samples", true="1")
    assert "No mistakes here. These are right predictions, highest loss first." in captions(page)
    own = table_of(name, OWN)
    ones = own[(own["label"] == 1) & is_right(own)].sort_values("loss", ascending=False, kind="stable")
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
