"""A sample of Mistakes has its four pictures, and next and previous walk the selection."""

import numpy as np
import pytest

from tests.support.pages.looking import captions, component, components, metrics, opened
from tests.support.pages.mistakes_page import PAGE, table


def test_a_sample_shows_four_pictures_whose_difference_is_map_minus_map() -> None:
    page, rows = opened(PAGE, checkpoint="digits", sample="digits/677"), table("digits")
    row = rows.set_index("sample_id").loc["digits/677"]
    assert not page.exception
    panes = component(page, "scroll_to")
    assert len(panes["items"]) == 4
    predicted, rival, difference = (np.array(item["cells"]) for item in panes["items"][1:])
    assert difference == pytest.approx(predicted - rival, abs=1e-3)
    assert [item["title"] for item in panes["items"][1:]] == ["For 4", "For 9", "4 rather than 9"]
    assert panes["scale"]["unit"] == "logits"
    assert f"loss {row['loss']:.2f} nats" in captions(page)
    assert page.header[0].value == "9, predicted 4"


@pytest.mark.slow
def test_next_walks_through_the_selection() -> None:
    page, rows = opened(PAGE, checkpoint="digits", sample="digits/77"), table("digits")
    wrong = rows[rows["label"] != rows["predicted"]].sort_values("loss", ascending=False)
    assert page.button(key="sample_Previous").disabled
    page.button(key="sample_Next").click().run()
    assert page.query_params["sample"] == wrong["sample_id"].tolist()[1]
    page.button(key="sample_close").click().run()
    assert "sample" not in page.query_params


def test_a_sample_that_does_not_exist_is_named_and_hides_nothing() -> None:
    page = opened(PAGE, checkpoint="digits", sample="digits/9999999")
    assert not page.exception
    assert "There is no sample digits/9999999" in page.warning[0].value
    assert metrics(page)["Mistakes"] == metrics(opened(PAGE, checkpoint="digits"))["Mistakes"]


def test_another_checkpoint_forgets_the_classes_of_the_first() -> None:
    page = opened(PAGE, checkpoint="digits", true="9", sample="digits/677")
    page.selectbox(key="checkpoint").select("malaria").run()
    assert not page.exception
    assert page.selectbox(key="true").value is None
    assert page.segmented_control(key="only").value == "wrong"
    assert "sample" not in page.query_params


def test_the_average_map_counts_its_samples() -> None:
    page = opened(PAGE, checkpoint="digits", true="9", only="All", average="true")
    assert not page.exception
    panes = [data for data in components(page) if "scroll_to" in data]
    assert panes[0]["items"][0]["detail"] == "36 samples"


@pytest.mark.slow
def test_look_closer_takes_the_sample_and_its_question_along() -> None:
    page = opened(PAGE, checkpoint="digits", sample="digits/677")
    page.button(key="sample_explain").click().run()
    assert [photo.name for photo in page.session_state["photos"].values()] == ["677"]
    assert page.session_state["class-digits"] == "4"
    assert page.session_state["against-digits"] == "9"
