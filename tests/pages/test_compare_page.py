"""The page Compare without a browser: every count is of the two tables, in every state that a link has."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths, store
from core.data.image_set import ImageSet, Pixels
from core.errors import DataError
from core.evaluation.comparing.significance import mcnemar_by_group
from core.predictions import evaluations
from core.predictions.evaluations import Evaluation
from pages._ui.session.data import image_access
from tests.support.looking import captions, component, components, opened
from tests.support.second_digits import NUM_BOTH_WRONG, NUM_BROKEN, NUM_FIXED, second_digits

PAGE = "pages/compare.py"
PAIRS = [
    ("pets-cat-dog-scratch", "pets-cat-dog"),
    ("signs-plain", "signs-bn"),
    ("signs-bn", "signs-bn-aug"),
    ("signs-plain", "signs-bn-aug"),
]
SIGNS = ("signs-plain", "signs-bn")


def absent(_evaluation: Evaluation, _typed: Path | None) -> None:
    raise DataError("cannot find them in 'DIR'; get it from their publisher")


@pytest.fixture(autouse=True)
def _without_images(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[None]:
    """No images, whatever lies on this machine; those of the digits are everywhere."""
    if "digits" not in request.fixturenames:
        monkeypatch.setattr(image_access, "images_of", absent)
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path))
    image_access.look_again()
    yield
    image_access.look_again()


@pytest.fixture(scope="module")
def digits() -> Iterator[str]:
    with second_digits(f"test-compare-page-{os.getpid()}") as name:
        yield name


@pytest.fixture
def tracks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signs' images are here, in black, and say which frames are of one track."""
    ids = table("signs-plain")["sample_id"].tolist()

    def found(_evaluation: Evaluation, _typed: Path | None) -> ImageSet:
        pixels = np.zeros((len(ids), 8, 8), np.uint8)
        groups = pd.factorize(pd.Series(ids).str.rpartition("_")[0])[0]
        return ImageSet(
            "signs", ("sign",), np.zeros(len(ids), int), ids, Pixels(pixels), "black", groups=groups
        )

    monkeypatch.setattr(image_access, "images_of", found)


def table(name: str) -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(paths.root() / name).table)


def both(first: str, second: str) -> pd.DataFrame:
    """A row for each sample: label, what both predicted, probabilities, and its pile."""
    rows = table(first).merge(table(second), on="sample_id", suffixes=("", "_2"))
    names = {(True, True): "both_right", (False, True): "fixed", (True, False): "broken"}
    right = zip(rows["predicted"] == rows["label"], rows["predicted_2"] == rows["label"], strict=True)
    rows["pile"] = [names.get(each, "both_wrong") for each in right]
    return rows


def link(first: str, second: str | None = None, **address: str) -> AppTest:
    address = {"checkpoint": first} | ({"with": second} if second else {}) | address
    page = opened(PAGE, **address)
    assert not page.exception
    return page


def piles(page: AppTest) -> dict[str, dict[str, Any]]:
    return {pile["id"]: pile for pile in component(page, "piles")["piles"]}


def shown(page: AppTest) -> list[str]:
    gallery = next(data for data in components(page) if data.get("label") == "Samples")
    return [item["id"] for item in gallery["items"]]


def text(page: AppTest) -> str:
    return " ".join(each.value for each in page.markdown).replace("\\", "")


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_piles_and_accuracies_are_those_of_the_two_tables(first: str, second: str) -> None:
    page, rows = link(first, second), both(first, second)
    counts = rows["pile"].value_counts()
    assert {name: pile["count"] for name, pile in piles(page).items()} == {
        name: f"{counts.get(name, 0):,}" for name in ("both_right", "broken", "fixed", "both_wrong")
    }
    before, after = (100 * (rows[name] == rows["label"]).mean() for name in ("predicted", "predicted_2"))
    said = text(page)
    assert f"{second} is right on {after:.1f} % of {len(rows):,} samples, {first} on {before:.1f} %" in said
    assert f"{after - before:+.1f}".replace("-", "−") + " points, 95 % interval" in said
    assert f"Only {second} is right on {counts.get('fixed', 0)} samples, only {first} on " in said


def test_the_story_of_scratch_against_transfer() -> None:
    said = text(link("pets-cat-dog-scratch"))
    assert "+10.9 points, 95 % interval 6.9 to 14.8" in said
    assert "It is very unlikely that pets-cat-dog is ahead by chance." in said


@pytest.mark.parametrize("pile", ["fixed", "broken"])
def test_a_pile_shows_its_samples_the_largest_change_of_the_true_class_first(pile: str) -> None:
    page = link(*SIGNS, pile=pile)
    rows = both(*SIGNS)
    rows = rows[rows["pile"] == pile]
    change = (rows["p_label_2"] - rows["p_label"]).abs().sort_values(ascending=False, kind="stable")
    assert shown(page) == rows.loc[change.index, "sample_id"].tolist()[:48]
    assert f"**{len(rows)} samples**" in captions(page)
    assert piles(page)[pile]["selected"]


def test_a_tile_says_what_it_is_what_both_said_and_its_file() -> None:
    page, rows = link(*SIGNS, pile="broken"), both(*SIGNS).set_index("sample_id")
    names = store.read_card(paths.root() / SIGNS[0]).class_names
    gallery = next(data for data in components(page) if data.get("label") == "Samples")
    for tile in gallery["items"][:10]:
        row = rows.loc[tile["id"]]
        first, second = tile["detail"].split("\n")
        assert tile["caption"] == names[row["label"]]
        assert first.startswith(f"✓ {names[row['predicted']]} · {row['p_predicted']:.0%}"[:-1])
        assert second.startswith(f"✕ {names[row['predicted_2']]} · {row['p_predicted_2']:.0%}"[:-1])
        assert tile["note"] == tile["id"].rpartition("/")[2]


def test_a_link_to_a_class_and_to_what_both_said_shows_exactly_these() -> None:
    rows = both(*SIGNS)
    names = store.read_card(paths.root() / SIGNS[0]).class_names
    label, first, second = rows.groupby(["label", "predicted", "predicted_2"]).size().nlargest(50).index[-1]
    found = rows[(rows["label"] == label) & (rows["predicted"] == first) & (rows["predicted_2"] == second)]
    said = {"of_class": names[label], "first_said": names[first], "second_said": names[second]}
    page = link(*SIGNS, pile="all", tab="Samples", **said)
    assert set(shown(page)) == set(found["sample_id"])
    assert len(shown(page)) == len(found) > 1


def test_sheets_go_on_where_the_last_one_ended() -> None:
    first = shown(link(*SIGNS, pile="both_right"))
    second = shown(link(*SIGNS, pile="both_right", sheet="2"))
    expected = both(*SIGNS)
    expected = expected[expected["pile"] == "both_right"].sort_values("margin_2", kind="stable")["sample_id"]
    assert [*first, *second] == expected.tolist()[:96]


def test_at_first_the_pile_that_tells_most_is_open_and_the_address_says_with_whom() -> None:
    page = link("signs-bn")
    assert page.query_params["with"] == "signs-bn-aug/gtsrb-val"
    assert page.query_params["evaluation"] == "gtsrb-val"
    assert piles(page)["fixed"]["selected"]
    turned = link("pets-cat-dog")
    assert piles(turned)["broken"]["selected"]
    assert len(shown(turned)) == 28


def test_matrices_and_their_difference_are_those_of_the_tables() -> None:
    page, rows = link(*SIGNS, tab="Matrices"), both(*SIGNS)
    first, second = (
        pd.crosstab(rows["label"], rows[name])
        .reindex(index=range(43), columns=range(43), fill_value=0)
        .to_numpy()
        for name in ("predicted", "predicted_2")
    )
    (change,) = (data for data in components(page) if "counts" in data)
    beside = link(*SIGNS, tab="Matrices", matrices="Side by side")
    one, other = (data for data in components(beside) if "counts" in data)
    assert one["counts"] == first.tolist()
    assert other["counts"] == second.tolist()
    assert change["counts"] == (second - first).tolist()
    assert change["before"] == first.tolist()
    diagonal = np.eye(43, dtype=bool)
    better = np.where(diagonal, second > first, second < first)
    moved = second != first
    assert (np.array(change["good"])[moved] == better[moved]).all()
    lines = next(data for data in components(page) if "Mistakes that changed" in str(data.get("label")))
    label, predicted = map(int, lines["items"][0]["id"].split())
    assert lines["items"][0]["count"] == (second - first)[label, predicted]
    assert abs(lines["items"][0]["count"]) == np.abs((second - first) * ~diagonal).max()


def test_classes_are_listed_with_what_was_fixed_and_broken_most_changed_first() -> None:
    page, rows = link(*SIGNS, tab="Classes"), both(*SIGNS)
    drawn = page.dataframe[0].value
    for row in drawn.itertuples():
        of_class = rows[rows["label"] == row.class_idx]
        assert row.support == len(of_class)
        assert row.fixed == (of_class["pile"] == "fixed").sum()
        assert row.broken == (of_class["pile"] == "broken").sum()
        assert row.before == pytest.approx(100 * (of_class["predicted"] == row.class_idx).mean())
        assert row.after == pytest.approx(100 * (of_class["predicted_2"] == row.class_idx).mean())
    assert drawn["change"].abs().is_monotonic_decreasing
    assert len(drawn) == 43


def test_of_a_class_what_changed_comes_first() -> None:
    page, rows = link(*SIGNS, pile="all", of_class="Pedestrians"), both(*SIGNS)
    names = store.read_card(paths.root() / SIGNS[0]).class_names
    found = rows[rows["label"] == names.index("Pedestrians")].set_index("sample_id")
    assert set(shown(page)) == set(found.index)
    order = found.loc[shown(page), "pile"].map(["fixed", "broken", "both_wrong", "both_right"].index)
    assert order.is_monotonic_increasing
    assert order.nunique() > 2


def test_without_groups_the_test_warns_that_it_takes_samples_as_independent() -> None:
    page = link("signs-plain", "signs-bn-aug")
    said, counts = text(page), both("signs-plain", "signs-bn-aug")["pile"].value_counts()
    p_value = binomtest(counts["fixed"], counts["fixed"] + counts["broken"]).pvalue
    assert "It is very unlikely that signs-bn-aug is ahead by chance." in said
    assert "This test takes the samples as independent" in said
    assert f"p = {p_value:.2g}" in captions(page).replace("\\", "")


@pytest.mark.usefixtures("tracks")
def test_frames_of_one_track_count_together_where_the_images_say_so() -> None:
    """By frames it is hardly chance; by tracks it cannot be told."""
    page, rows = link("signs-plain", "signs-bn-aug"), both("signs-plain", "signs-bn-aug")
    of_track = rows.groupby(rows["sample_id"].str.rpartition("_")[0])["pile"]
    fixed, broken = (
        of_track.apply(lambda piles, name=name: (piles == name).sum()) for name in ("fixed", "broken")
    )
    expected = mcnemar_by_group(fixed.to_numpy(), broken.to_numpy())
    said, small = text(page), captions(page).replace("\\", "")
    assert (
        f"signs-bn-aug is ahead in {(fixed > broken).sum()} groups, signs-plain in {(broken > fixed).sum()}"
        in said
    )
    assert "The split is too even to tell which is better" in said
    assert "independent" not in said
    assert f"p = {expected.p_value:.2g}; the 150 groups of 1,056 samples" in small


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


def test_tables_in_another_order_are_compared_by_sample(digits: str) -> None:
    counts = {name: int(pile["count"]) for name, pile in piles(link("digits", digits)).items()}
    assert (counts["fixed"], counts["broken"], counts["both_wrong"]) == (
        NUM_FIXED,
        NUM_BROKEN,
        NUM_BOTH_WRONG,
    )
    assert sum(counts.values()) == len(table("digits"))


def test_next_walks_through_the_pile_and_close_ends_it(digits: str) -> None:
    walk = shown(link("digits", digits, pile="broken"))
    page = link("digits", digits, pile="broken", sample=walk[0])
    assert page.button(key="compared_Previous").disabled
    page.button(key="compared_Next").click().run()
    assert page.query_params["sample"] == walk[1]
    assert f"2 of {NUM_BROKEN}" in captions(page)
    page.button(key="compared_close").click().run()
    assert "sample" not in page.query_params


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


def test_a_sample_that_not_both_have_is_named() -> None:
    page = link(*SIGNS, sample="no/such.ppm")
    assert "There is no sample no/such.ppm in both evaluations" in page.warning[0].value.replace("\\", "")


def test_other_classes_are_a_sentence() -> None:
    page = link("digits", "signs-bn")
    assert "No class in common" in page.error[0].value
    assert page.selectbox(key="second_checkpoint").value == "signs-bn/gtsrb-val"


@pytest.mark.parametrize(
    ("name", "reason"), [("nonsense", "No checkpoint named"), ("imagenet", "has no predictions yet")]
)
def test_a_second_that_is_not_there_is_a_sentence(name: str, reason: str) -> None:
    assert reason in link("signs-bn", name).error[0].value.replace("\\", "")


def test_the_picker_has_only_those_of_the_same_images() -> None:
    options = link("signs-bn").selectbox(key="second_checkpoint").options
    assert {"signs-plain on gtsrb-val", "signs-bn-aug on gtsrb-val"} <= set(options)
    assert {each.partition(" on ")[2] for each in options} == {"gtsrb-val"}
    assert "signs-bn on gtsrb-val" not in options


def test_where_there_is_no_other_it_says_how_to_get_one() -> None:
    page = link("malaria")
    assert "malaria** is the only model here" in page.info[0].value
    assert "python -m core evaluate OTHER" in page.info[0].value


def test_another_first_checkpoint_takes_a_second_that_fits() -> None:
    page = link(*SIGNS, of_class="Stop", pile="all")
    page.selectbox(key="checkpoint").select("pets-cat-dog").run()
    assert not page.exception
    assert page.selectbox(key="second_checkpoint").value == "pets-cat-dog-scratch/pets-cat-dog-val"
    assert page.selectbox(key="of_class").value is None
    page.selectbox(key="checkpoint").select("signs-bn").run()
    assert page.selectbox(key="second_checkpoint").value == "signs-bn-aug/gtsrb-val"


def test_one_class_stays_chosen_from_network_to_network() -> None:
    page = link(*SIGNS, of_class="Stop", pile="all")
    page.selectbox(key="second_checkpoint").select("signs-bn-aug/gtsrb-val").run()
    assert page.selectbox(key="of_class").value == "Stop"
    rows = both("signs-plain", "signs-bn-aug")
    names = store.read_card(paths.root() / SIGNS[0]).class_names
    assert set(shown(page)) == set(rows[rows["label"] == names.index("Stop")]["sample_id"])
