"""A sample of Compare has the maps of both networks beside each other."""

import os
from collections.abc import Iterator

import pytest

from core.checkpoints import paths, store
from pages._ui.session.data import image_access
from pages._ui.session.question import tested_maps
from pages._ui.words import shortened
from tests.support.pages.compare_page import SIGNS, both, link, piles, shown, table, text
from tests.support.pages.looking import captions, components, verdicts
from tests.support.stored.second_digits import (
    NUM_BOTH_WRONG,
    NUM_BROKEN,
    NUM_FIXED,
    second_digits,
)


@pytest.fixture(scope="module")
def digits() -> Iterator[str]:
    with second_digits(f"test-compare-page-{os.getpid()}") as name:
        yield name


def test_without_images_all_numbers_hold_and_the_page_says_where_to_get_them() -> None:
    page, rows = link(*SIGNS, pile="fixed"), both(*SIGNS)
    assert "The images are not on this machine" in page.expander[0].label
    assert "348 MB to download. Licence: none stated; its authors ask to be cited." in captions(page)
    assert len(shown(page)) == min(48, (rows["pile"] == "fixed").sum())


def test_without_images_a_sample_still_says_what_both_said() -> None:
    row = both(*SIGNS).iloc[0]
    names = store.read_card(paths.root() / SIGNS[0]).class_names
    page = link(*SIGNS, sample=row["sample_id"])
    assert "No image" in page.warning[0].value
    for name, said in zip(SIGNS, ("predicted", "predicted_2"), strict=True):
        assert f"**{name}** predicted" in text(page)
        assert names[row[said]] in text(page)


@pytest.mark.slow
def test_a_sample_has_the_maps_of_both_beside_each_other(digits: str) -> None:
    rows = both("digits", digits)
    row = rows[rows["pile"] == "fixed"].iloc[0]
    page = link("digits", digits, sample=row["sample_id"])
    photo, first, second = (data for data in components(page) if "scroll_to" in data)
    assert [len(each["items"]) for each in (photo, first, second)] == [1, 2, 1]
    assert [item["title"] for item in first["items"]] == [f"For {row['predicted']}", f"For {row['label']}"]
    assert [item["title"] for item in second["items"]] == [f"For {row['label']}"]
    # The same network twice: what it sees of the true class is the same picture.
    assert first["items"][1]["cells"] == pytest.approx(second["items"][0]["cells"], abs=1e-3)
    assert page.header[0].value == str(row["label"])
    assert f" of {NUM_FIXED} " in f"{captions(page)} "


def test_images_that_have_changed_since_are_said_to_have(
    digits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_access, "data_has_changed", lambda _folder, _images: True)
    assert "have changed since the evaluation" in link("digits", digits).warning[0].value


def test_two_that_agree_and_are_right_have_one_map_each(digits: str) -> None:
    rows = both("digits", digits)
    row = rows[rows["pile"] == "both_right"].iloc[0]
    page = link("digits", digits, sample=row["sample_id"], pile="both_right")
    panes = [data for data in components(page) if "scroll_to" in data]
    assert [len(each["items"]) for each in panes] == [1, 1, 1]


def test_average_maps_of_both_are_over_the_samples_of_the_pile(digits: str) -> None:
    page = link("digits", digits, pile="broken")
    number = int(piles(page)["broken"]["count"])
    page.toggle(key="average_maps").set_value(True).run()
    assert not page.exception
    (shown_panes,) = [data["items"] for data in components(page) if "scroll_to" in data]
    assert shown_panes[0]["detail"] == f"{number} samples"
    assert [each["title"] for each in shown_panes] == ["Mean image", "digits", shortened(digits, 30)]


def test_tables_in_another_order_are_compared_by_sample(digits: str) -> None:
    counts = {name: int(pile["count"]) for name, pile in piles(link("digits", digits)).items()}
    assert (counts["fixed"], counts["broken"], counts["both_wrong"]) == (
        NUM_FIXED,
        NUM_BROKEN,
        NUM_BOTH_WRONG,
    )
    assert sum(counts.values()) == len(table("digits"))


@pytest.mark.slow
def test_next_walks_through_the_pile_and_close_ends_it(digits: str) -> None:
    walk = shown(link("digits", digits, pile="broken"))
    page = link("digits", digits, pile="broken", sample=walk[0])
    assert page.button(key="compared_Previous").disabled
    page.button(key="compared_Next").click().run()
    assert page.query_params["sample"] == walk[1]
    assert f"2 of {NUM_BROKEN}" in captions(page)
    page.button(key="compared_close").click().run()
    assert "sample" not in page.query_params


@pytest.mark.slow
def test_swap_turns_all_round_and_keeps_the_sample(digits: str) -> None:
    walk = shown(link("digits", digits, pile="broken"))
    page = link("digits", digits, pile="broken", first_said="5", sample=walk[0])
    page.button(key="compare_swap").click().run()
    assert not page.exception
    assert page.selectbox(key="checkpoint").value == digits
    assert page.selectbox(key="second_checkpoint").value == "digits/digits-val"
    assert page.selectbox(key="pile_shown").value == "fixed"
    assert (page.selectbox(key="first_said").value, page.selectbox(key="second_said").value) == (None, "5")
    assert page.query_params["sample"] == walk[0]
    page.button(key="compared_close").click().run()
    assert int(piles(page)["fixed"]["count"]) == NUM_BROKEN


@pytest.mark.slow
def test_both_maps_say_whether_they_can_be_believed(digits: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tested_maps.VARIABLE, "1")
    page = link("digits", digits, sample="digits/677")
    assert len(verdicts(page)) == 2
