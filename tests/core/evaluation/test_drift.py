"""Drift: every statistic against a slow formula, the error rate of the whole test, and strange photos."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from core.evaluation.drift import statistics
from core.evaluation.drift import strangest as outliers
from core.evaluation.drift.causes import in_words
from core.evaluation.drift.directions import principal
from core.evaluation.drift.strangest import feature_deviations, strangest
from core.evaluation.drift.two_samples import CLASSIFIER, ENERGY, PREDICTED, Seen, compare, divisions


def _photos(number: int, seed: int, brightness: float = 1.0, shift: float = 0.0) -> Seen:
    random = np.random.default_rng(seed)
    features = random.normal(size=(number, 12)) + shift
    properties = {
        "brightness": random.normal(0.45, 0.1, number).clip(0.05) * brightness,
        "sharpness": random.gamma(3, 100, number),
        "width": random.choice([400.0, 500.0], number),
        "height": np.full(number, 300.0),
        "file_size": np.full(number, np.nan),
    }
    return Seen(features, properties, random.integers(0, 4, number), random.beta(8, 1, number))


SIDES = divisions(30, 20, np.random.default_rng(1))[:, :4]


def test_the_first_division_is_the_true_one_and_all_have_as_many_new_photos() -> None:
    every = divisions(30, 20, np.random.default_rng(1))
    assert every.shape == (50, 1000)
    assert every[:, 0].tolist() == [0] * 30 + [1] * 20
    assert (every.sum(0) == 20).all()
    assert len(np.unique(every, axis=1).T) == 1000


def test_the_distance_of_a_property_is_that_of_kolmogorov_and_smirnov() -> None:
    values = np.random.default_rng(2).integers(0, 9, 50).astype(float)  # With ties.
    expected = [stats.ks_2samp(values[side == 1], values[side == 0]).statistic for side in SIDES.T]
    np.testing.assert_allclose(statistics.ks_distances(values, SIDES), expected)


def test_the_distance_of_classes_is_pearsons_chi_squared() -> None:
    classes = np.random.default_rng(2).integers(0, 4, 50)
    tables = [[np.bincount(classes[side == each], minlength=4) for each in (0, 1)] for side in SIDES.T]
    expected = [stats.chi2_contingency(table).statistic for table in tables]
    np.testing.assert_allclose(statistics.class_distances(classes, SIDES), expected)


def test_the_energy_distance_is_the_one_of_all_pairs() -> None:
    features = np.random.default_rng(2).normal(size=(50, 3)).astype(np.float32)
    apart = np.linalg.norm(features[:, None] - features[None], axis=2)
    expected = []
    for side in SIDES.T == 1:
        between, new, known = apart[side][:, ~side], apart[side][:, side], apart[~side][:, ~side]
        expected.append(2 * between.mean() - new.mean() - known.mean())
    np.testing.assert_allclose(statistics.energy_distances(features, SIDES), expected, atol=1e-4)


def test_the_area_of_scores_is_that_of_scikit_learn() -> None:
    scores = np.random.default_rng(2).normal(size=SIDES.shape)
    expected = [roc_auc_score(side, score) for side, score in zip(SIDES.T, scores.T, strict=True)]
    np.testing.assert_allclose(statistics._areas(scores, SIDES), expected)


def test_a_classifier_tells_moved_features_apart_and_no_others() -> None:
    sides = divisions(100, 100, np.random.default_rng(0))
    features = np.random.default_rng(2).normal(size=(200, 8)).astype(np.float32)
    alike = statistics.classifier_areas(features, sides, seed=0)
    assert alike.mean() == pytest.approx(0.5, abs=0.01)  # Photos that are held out favour no side.
    moved = features + 2 * sides[:, :1] * np.eye(8, dtype=np.float32)[3]
    assert statistics.classifier_areas(moved, sides, seed=0)[0] > 0.85


def test_directions_hold_the_variance_and_ignore_the_division() -> None:
    random = np.random.default_rng(0)
    noise = np.geomspace(0.01, 0.1, 6) * random.normal(size=(100, 6))
    features = np.outer(random.normal(size=100), np.ones(6)) + noise
    few = principal(features)
    assert few.shape == (100, 6)
    assert few[:, 0].var() / few.var(0).sum() > 0.99
    order = random.permutation(100)
    np.testing.assert_allclose(np.abs(principal(features[order])), np.abs(few[order]), atol=1e-3)


@pytest.mark.slow
def test_samples_that_are_alike_give_false_alarms_at_the_stated_rate() -> None:
    """With 20 seeds at 0.1, more than 6 alarms have a probability below 1 in 400."""
    alarms = [compare(_photos(60, 2 * seed), _photos(40, 2 * seed + 1), seed).p <= 0.1 for seed in range(20)]
    assert sum(alarms) <= 6


def test_a_shift_of_brightness_by_a_fifth_is_found_among_200_photos() -> None:
    found = compare(_photos(300, 0), _photos(200, 1, brightness=0.8))
    assert found.p < 0.01
    assert found.tests[0].name == "brightness"
    assert found.test("height") is None  # Constant: it cannot differ.
    assert found.test("file_size") is None


def test_a_shift_of_the_features_is_found_by_both_tests_on_them() -> None:
    found = compare(_photos(150, 0), _photos(100, 1, shift=0.5))
    assert found.p < 0.01
    assert {each.name for each in found.tests[:2]} == {CLASSIFIER, ENERGY}


def test_another_mix_of_predicted_classes_is_found() -> None:
    new = _photos(100, 1)
    new = Seen(new.features, new.properties, new.predicted // 2, new.confidence)
    assert compare(_photos(150, 0), new).tests[0].name == PREDICTED


def _told(seen: Seen, **texts: list[str]) -> Seen:
    return replace(seen, texts={name: np.array(values) for name, values in texts.items()})


def test_metadata_that_both_samples_have_are_compared() -> None:
    known = _told(_photos(150, 0), weather=["sun", "rain"] * 75, patient=[f"a{n}" for n in range(150)])
    new = _told(
        _photos(100, 1),
        weather=["sun"] * 20 + ["rain"] * 80,
        patient=[f"b{n}" for n in range(100)],
        lens=["x"] * 100,
    )
    found = compare(known, new)
    assert found.p < 0.01
    assert found.tests[0].name == "weather"
    assert found.tests[0].statistic == pytest.approx(
        stats.chi2_contingency([[75, 75], [20, 80]], correction=False).statistic
    )
    assert found.test("patient") is None  # Each sample has others.
    assert found.test("lens") is None  # Of new photos only.


@pytest.mark.slow
def test_photos_without_metadata_count_as_the_most_frequent_value() -> None:
    known = _told(_photos(150, 0), weather=["sun", "rain", "sun"] * 50)
    complete = _told(_photos(100, 1), weather=["sun"] * 100)
    gaps = _told(_photos(100, 1), weather=["", "sun"] * 50)
    assert compare(known, complete).test("weather") == compare(known, gaps).test("weather")
    assert compare(known, _told(_photos(100, 1), weather=[""] * 100)).test("weather") is None


def test_adjusted_probabilities_are_never_smaller_and_keep_the_order() -> None:
    tests = compare(_photos(80, 0), _photos(60, 1, brightness=0.95)).tests
    adjusted = [each.p_adjusted for each in tests]
    assert all(each.p <= each.p_adjusted for each in tests)
    assert adjusted == sorted(adjusted)
    assert min(adjusted) >= 0.001  # The true division is one of 1,000.


def test_photos_that_are_the_same_in_everything_do_not_drift() -> None:
    same = Seen(None, {"width": np.full(10, 8.0)}, np.zeros(10, np.int64), np.ones(10))
    assert compare(same, same).p == 1


def test_too_few_photos_are_refused() -> None:
    with pytest.raises(ValueError, match="got 50 and 4 photos, expected 5 or more"):
        compare(_photos(50, 0), _photos(4, 1))


def _with(seen: Seen, name: str, row: int, factor: float) -> Seen:
    values = seen.properties[name].copy()
    values[row] = np.median(values) * factor
    return Seen(seen.features, {**seen.properties, name: values}, seen.predicted, seen.confidence)


@pytest.mark.parametrize(
    ("name", "factor", "cause"),
    [
        ("brightness", 1 / 5, "five times darker"),
        ("brightness", 3, "three times brighter"),
        ("width", 1 / 4, "half the resolution"),  # Of the side: a quarter of the pixels.
        ("width", 9, "three times the resolution"),
        ("sharpness", 1 / 40, "more than ten times blurrier"),
    ],
)
def test_the_strangest_photo_comes_first_with_its_cause(name: str, factor: float, cause: str) -> None:
    first, *_ = strangest(_photos(200, 0), _with(_photos(50, 1), name, 17, factor))
    assert (first.row, first.cause) == (17, cause)


def test_a_photo_far_from_all_others_in_the_features_is_strange() -> None:
    new = _photos(50, 1)
    assert new.features is not None
    features = new.features.copy()
    features[23] += 100
    first, *others = strangest(_photos(200, 0), Seen(features, new.properties, new.predicted, new.confidence))
    assert (first.row, first.cause) == (23, "unlike all known photos in the network's features")
    assert sorted(each.row for each in [first, *others]) == list(range(50))
    assert all(before.deviation >= after.deviation for before, after in pairwise([first, *others]))


def test_an_outlier_among_known_photos_is_far_from_the_others() -> None:
    features = np.random.default_rng(0).normal(size=(300, 8))
    features[41] += 20
    deviations = feature_deviations(features)
    assert deviations.argmax() == 41
    assert deviations[41] > 2 * np.delete(deviations, 41).max() > 0
    np.testing.assert_allclose(feature_deviations(features, features), 0)  # Each has a copy of itself.


def test_few_of_many_known_photos_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    features = np.random.default_rng(0).normal(size=(3000, 8))
    features[41] += 20
    whole = feature_deviations(features)
    monkeypatch.setattr(outliers, "_MOST", 1000)
    some = feature_deviations(features)
    assert some.argmax() == whole.argmax() == 41
    assert np.corrcoef(some, whole)[0, 1] > 0.8


@pytest.mark.parametrize(
    ("name", "ratio", "words"),
    [
        ("contrast", 1 / 3, "a third of the contrast"),
        ("contrast", 0.65, "65 % of the contrast"),
        ("contrast", 1 / 7, "1/7 of the contrast"),
        ("resolution", 2.1, "twice the resolution"),
        ("aspect_ratio", 0.7, "1.4 times narrower"),
    ],
)
def test_causes_are_in_plain_words(name: str, ratio: float, words: str) -> None:
    assert in_words(name, 4, ratio) == words
    assert in_words(name, 3, ratio) == "within what is usual"
