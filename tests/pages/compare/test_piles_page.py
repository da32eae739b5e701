"""Compare sorts samples into piles: fixed, broken, both right, both wrong."""

import pytest

from core.checkpoints import paths, store
from tests.support.pages.compare_page import SIGNS, both, link, piles, shown, text
from tests.support.pages.looking import captions, components

PAIRS = [
    ("pets-cat-dog-scratch", "pets-cat-dog"),
    ("signs-plain", "signs-bn"),
    ("signs-bn", "signs-bn-aug"),
    ("signs-plain", "signs-bn-aug"),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_piles_and_accuracies_are_those_of_the_two_tables(first: str, second: str) -> None:
    page, rows = link(first, second), both(first, second)
    counts = rows["pile"].value_counts()
    assert {name: pile["count"] for name, pile in piles(page).items()} == {
        name: f"{counts.get(name, 0):,}" for name in ("both_right", "broken", "fixed", "both_wrong")
    }
    before, after = (100 * (rows[name] == rows["label"]).mean() for name in ("predicted", "predicted_2"))
    said = text(page)
    assert f"{second} is right on {after:.1f}% of {len(rows):,} samples, {first} on {before:.1f}%" in said
    assert f"{after - before:+.1f}".replace("-", "−") + " points, 95% interval" in said
    assert f"Only {second} is right on {counts.get('fixed', 0)} samples, only {first} on " in said


def test_the_story_of_scratch_against_transfer() -> None:
    said = text(link("pets-cat-dog-scratch"))
    assert "+10.9 points, 95% interval 6.9 to 14.8" in said
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
