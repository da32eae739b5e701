"""Areas under curves: those of scikit-learn for all scores; rounded, or in bins, within their bounds."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from core.evaluation.ranking import curves, histograms
from core.evaluation.ranking.areas import Ranking, in_words, ranking
from core.evaluation.ranking.histograms import Histogram
from core.evaluation.ranking.scores import BINNED, EXACT, MISSING, ROUNDED, SCORES, Scores, scores_of
from core.evaluation.ranking.threshold import at_threshold
from core.evaluation.summary import summary
from core.predictions import prediction_table
from core.predictions.prediction_table import log_odds
from core.predictions.score_files import counted

AREAS = {
    "roc_auc": sklearn_metrics.roc_auc_score,
    "average_precision": sklearn_metrics.average_precision_score,
}


def _random(num_samples: int, num_classes: int, *, seed: int = 0, scale: float = 1.0) -> tuple[pa.Table, Any]:
    """A table of a model that is often right, and what orders its samples: the log-odds (N, C)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(num_classes, (num_samples,), generator=generator)
    logits = torch.randn(num_samples, num_classes, generator=generator, dtype=torch.float64)
    logits = scale * (logits + 1.5 * torch.nn.functional.one_hot(labels, num_classes))
    ids = [str(each) for each in range(num_samples)]
    table = prediction_table.rows(logits, labels, sample_ids=ids, paths=ids, split="val")
    return table, log_odds(logits).numpy()


def _binned(table: pa.Table, num_classes: int) -> Scores:
    return scores_of(table.drop_columns([SCORES]), num_classes, Histogram(counted(table)[0]))


def _expected(table: pa.Table, scores: NDArray[Any], name: str) -> NDArray[Any]:
    label = table["label"].to_numpy()
    area = AREAS[name]
    return np.array([area(label == each, scores[:, each]) for each in range(scores.shape[1])])


def _refuse_beyond(found: Ranking, table: pa.Table, scores: NDArray[Any]) -> None:
    for name in AREAS:
        off = np.abs(getattr(found, name) - _expected(table, scores, name))
        assert (off <= getattr(found, f"{name}_error") + 1e-12).all()


@pytest.mark.parametrize("num_classes", [2, 3, 5])
def test_up_to_five_classes_areas_are_those_of_all_probabilities(num_classes: int) -> None:
    table, scores = _random(300, num_classes)
    known = scores_of(table, num_classes)
    found = ranking(known)
    assert known.kind == found.kind == EXACT
    assert found.roc_auc_error.tolist() == [0] * num_classes
    for name in AREAS:
        np.testing.assert_allclose(getattr(found, name), _expected(table, scores, name), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("num_classes", [6, 12, 70])
def test_beyond_five_classes_areas_are_those_of_the_scores_of_all_classes(num_classes: int) -> None:
    table, scores = _random(500, num_classes)
    found = ranking(scores_of(table, num_classes))
    assert found.kind == ROUNDED
    _refuse_beyond(found, table, scores)
    assert found.roc_auc_error.max() < 2e-3
    for name in AREAS:
        np.testing.assert_allclose(getattr(found, name), _expected(table, scores, name), atol=2e-3)


@pytest.mark.parametrize("scale", [0.02, 1.0, 20.0, 300.0])
@pytest.mark.parametrize("seed", range(3))
def test_no_error_is_larger_than_its_bound_however_sure_the_network_is(scale: float, seed: int) -> None:
    """With 300 most probabilities are 0 or 1 in any precision; their log-odds still differ."""
    table, scores = _random(400, 9, seed=seed, scale=scale)
    _refuse_beyond(ranking(scores_of(table, 9)), table, scores)
    found = ranking(_binned(table, 9))
    assert found.kind == BINNED
    _refuse_beyond(found, table, scores)


def test_the_bounds_are_reached_by_the_worst_and_the_best_order_of_what_is_equal() -> None:
    """One value for all: the scores themselves may be anything."""
    label = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    values = np.zeros((10, 2), np.float16)
    found = ranking(Scores(ROUNDED, 2, label, values))
    worst = np.where(label == 0, 0, 1) + np.linspace(0, 0.1, 10)
    for score in (worst, -worst):
        for name, area in AREAS.items():
            off = abs(area(label == 0, score) - getattr(found, name)[0])
            assert off <= getattr(found, f"{name}_error")[0] + 1e-12
    assert (found.roc_auc[0], found.roc_auc_error[0]) == (0.5, 0.5)
    assert found.average_precision[0] == pytest.approx(0.3)
    assert found.average_precision_error[0] == pytest.approx(0.7)


def test_histograms_of_parts_add_up_to_that_of_the_whole_and_have_every_sample_once() -> None:
    table, _ = _random(300, 7)
    whole = counted(table)
    assert (counted(table.slice(0, 113)) + counted(table.slice(113)) == whole).all()
    support = np.bincount(table["label"].to_numpy(), minlength=7)
    assert whole[0].sum(2).tolist() == [(300 - support).tolist(), support.tolist()]


def test_a_histogram_of_more_classes_has_wider_bins_and_stays_below_its_limit() -> None:
    assert histograms.empty_counts(1, 1000).shape == (1, 2, 1000, 2048)
    assert histograms.empty_counts(1, 21_841).shape == (1, 2, 21_841, 1024)
    assert histograms.empty_counts(1, 200_000).nbytes <= 256e6


def test_a_histogram_of_other_samples_is_as_good_as_none() -> None:
    table, _ = _random(300, 7)
    other = Histogram(counted(_random(300, 7, seed=5)[0])[0])
    assert scores_of(table.drop_columns([SCORES]), 7, other).kind == MISSING


def test_without_the_scores_of_all_classes_there_is_no_area_and_it_is_said_why() -> None:
    table, _ = _random(60, 7)
    scores = scores_of(table.drop_columns([SCORES]), 7)
    found = ranking(scores)
    assert np.isnan([found.roc_auc, found.average_precision, found.roc_auc_error]).all()
    assert "has only the five most probable classes" in in_words(found)
    for curve in (curves.roc_curve, curves.precision_recall_curve):
        with pytest.raises(ValueError, match="scores of all classes are missing"):
            curve(scores, 0)
    with pytest.raises(ValueError, match="scores of all classes are missing"):
        at_threshold(table, scores, 0, 0.5)


def test_what_the_areas_come_from_is_said_with_their_largest_error() -> None:
    table, _ = _random(300, 7)
    found = ranking(scores_of(table, 7))
    largest = f"{found.roc_auc_error.max():.2g} and {found.average_precision_error.max():.2g}"
    assert in_words(found).endswith(f"rounded to 16 bits: their errors are at most {largest} for any class.")
    written = summary(table, list("abcdefg"))
    assert written["macro_roc_auc_error"] == pytest.approx(found.roc_auc_error.mean())


def test_equal_scores_count_half() -> None:
    label, values = np.array([0, 1, 0, 1]), np.full((4, 2), 0.5, np.float32)
    found = ranking(Scores(EXACT, 2, label, values))
    assert found.roc_auc.tolist() == [0.5, 0.5]
    assert found.average_precision.tolist() == [0.5, 0.5]


def test_areas_without_samples_of_a_class_or_of_another_are_not_a_number() -> None:
    table, _ = _random(60, 8)
    without = table.filter(pa.compute.not_equal(table["label"], 2))
    found = ranking(scores_of(without, 8))
    assert np.flatnonzero(np.isnan(found.roc_auc)).tolist() == [2]
    assert np.flatnonzero(np.isnan(found.average_precision)).tolist() == [2]
    only = ranking(scores_of(table.filter(pa.compute.equal(table["label"], 2)), 8))
    assert np.isnan(only.roc_auc).all()


@pytest.mark.parametrize("kind", [EXACT, ROUNDED, BINNED])
def test_curves_enclose_their_areas(kind: str) -> None:
    num_classes = 3 if kind == EXACT else 9
    table, _ = _random(300, num_classes)
    scores = _binned(table, num_classes) if kind == BINNED else scores_of(table, num_classes)
    assert scores.kind == kind
    areas, roc = ranking(scores), curves.roc_curve(scores, 1)
    found = sklearn_metrics.auc(roc.false_positive_rate, roc.true_positive_rate)
    assert found == pytest.approx(areas.roc_auc[1])
    ends = [each[[0, -1]].tolist() for each in (roc.false_positive_rate, roc.true_positive_rate)]
    assert ends == [[0, 1], [0, 1]]
    curve = curves.precision_recall_curve(scores, 1)
    assert len(curve.precision) == len(curve.recall) == len(curve.thresholds)
    assert (curve.recall[0], curve.recall[-1], curve.precision[-1]) == (1, 0, 1)
    assert (curve.thresholds[-1], roc.thresholds[0]) == (np.inf, np.inf)
    steps = -np.diff(curve.recall) * curve.precision[:-1]
    assert steps.sum() == pytest.approx(areas.average_precision[1])


def test_every_point_of_a_histogram_lies_on_the_curve_of_the_scores() -> None:
    table, scores = _random(300, 9)
    found, positive = curves.roc_curve(_binned(table, 9), 4), table["label"].to_numpy() == 4
    rounded = scores[:, 4].astype(np.float16).astype(float)
    for place in range(1, len(found.thresholds) - 1, 5):
        threshold = found.thresholds[place]
        called = rounded >= np.log(threshold / (1 - threshold)) - 1e-9
        assert found.true_positive_rate[place] == pytest.approx((called & positive).sum() / positive.sum())
        others = (called & ~positive).sum() / (~positive).sum()
        assert found.false_positive_rate[place] == pytest.approx(others)


def test_long_curves_keep_500_points_their_ends_and_their_areas() -> None:
    table, _ = _random(20_000, 3)
    scores = scores_of(table, 3)
    areas, roc = ranking(scores), curves.roc_curve(scores, 1)
    assert 300 < len(roc.thresholds) <= 500
    area = sklearn_metrics.auc(roc.false_positive_rate, roc.true_positive_rate)
    assert area == pytest.approx(areas.roc_auc[1], abs=1e-3)
    assert (roc.false_positive_rate[0], roc.true_positive_rate[-1]) == (0, 1)
    curve = curves.precision_recall_curve(scores, 1)
    assert 300 < len(curve.thresholds) <= 500
    assert (curve.recall[0], curve.recall[-1]) == (1, 0)
    assert -np.trapezoid(curve.precision, curve.recall) == pytest.approx(areas.average_precision[1], abs=3e-3)


def test_a_curve_needs_samples_of_the_class_and_of_another() -> None:
    label, values = np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    with pytest.raises(ValueError, match="0 of 3 samples are of class 2"):
        curves.roc_curve(Scores(EXACT, 2, label, values), 2)
    with pytest.raises(ValueError, match="2 of 2 samples are of class 0"):
        curves.precision_recall_curve(Scores(EXACT, 2, label[:2], values[:2]), 0)
