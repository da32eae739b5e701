"""The gallery shows exactly the samples of a cell, row or filter, in the order that is asked for."""

import pytest

from tests.support.pages.looking import captions, component, opened
from tests.support.pages.mistakes_page import PAGE, shown, table, tiles


def test_at_first_the_gallery_has_all_mistakes_the_highest_loss_first() -> None:
    page, rows = opened(PAGE, checkpoint="digits"), table("digits")
    wrong = rows[rows["label"] != rows["predicted"]].sort_values("loss", ascending=False)
    assert shown(page) == wrong["sample_id"].tolist()
    assert [(tile["caption"], tile["detail"].split()[1]) for tile in tiles(page)] == [
        (str(row.label), str(row.predicted)) for row in wrong.itertuples()
    ]


def test_a_link_to_a_cell_shows_exactly_its_samples() -> None:
    page, rows = opened(PAGE, checkpoint="digits", true="9", pred="9", only="All"), table("digits")
    cell = rows[(rows["label"] == 9) & (rows["predicted"] == 9)].sort_values("loss", ascending=False)
    assert shown(page) == cell["sample_id"].tolist()
    assert f"{len(cell)} samples" in captions(page)
    assert component(page, "counts")["selected"] == [9, 9]


def test_a_row_has_its_right_and_its_wrong_ones() -> None:
    page, rows = opened(PAGE, checkpoint="digits", true="9"), table("digits")
    assert set(shown(page)) == set(rows[(rows["label"] == 9) & (rows["predicted"] != 9)]["sample_id"])
    page.segmented_control(key="only").set_value("all").run()
    assert set(shown(page)) == set(rows[rows["label"] == 9]["sample_id"])


@pytest.mark.parametrize(
    ("order", "column", "ascending"),
    [("top_losses", "loss", False), ("least_sure", "margin", True), ("as_stored", None, True)],
)
def test_orders_are_those_of_the_table(order: str, column: str | None, *, ascending: bool) -> None:
    page, rows = opened(PAGE, checkpoint="digits", only="All"), table("digits")
    page.selectbox(key="order").select(order).run()
    expected = rows if column is None else rows.sort_values(column, ascending=ascending, kind="stable")
    assert shown(page) == expected["sample_id"].tolist()[:48]
    assert f"{len(rows)} samples" in captions(page)


def test_pages_go_on_where_the_last_one_ended() -> None:
    page, rows = opened(PAGE, checkpoint="digits", only="All", page="2"), table("digits")
    expected = rows.sort_values("loss", ascending=False, kind="stable")["sample_id"].tolist()
    assert shown(page) == expected[48:96]


def test_filters_keep_what_lies_in_their_ranges() -> None:
    page, rows = opened(PAGE, checkpoint="signs-plain"), table("signs-plain")
    page.slider(key="p").set_range(0.9, 1.0).run()
    wrong = rows[(rows["label"] != rows["predicted"]) & (rows["p_predicted"] >= 0.9)]
    assert f"{len(wrong)} samples" in captions(page)
    page.slider(key="loss").set_value(7.0).run()
    assert f"{(wrong['loss'] >= 7).sum()} samples" in captions(page)


def test_nothing_selected_is_said_in_words() -> None:
    page = opened(PAGE, checkpoint="digits", true="0", pred="1")
    assert not page.exception
    assert "No matching samples" in page.info[0].value
