"""The numbers of two networks are those of their two tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from core.checkpoints import paths, store
from core.data.image_set import ImageSet, Pixels
from core.evaluation.comparing.significance import mcnemar_by_group
from core.predictions.evaluations import Evaluation
from pages._ui.session.data import image_access
from tests.support.pages.compare_page import SIGNS, both, link, shown, table, text
from tests.support.pages.looking import captions, components


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


@pytest.mark.slow
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
